import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { describeWithServer } from '@hist/servers/vitest'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Database, openDatabase } from './database.js'
import { type Peer, startPeer } from './peer.js'

const HERE = new URL('.', import.meta.url)

describeWithServer('cassandra', 'several processes', address => {
  let database: Database
  let peers: Peer[] = []
  beforeAll(async () => {
    database = await openDatabase(address)
    await database.store().session('set up').messages()
  })
  afterEach(async () => {
    for (const { child, exited } of peers) {
      child.kill('SIGKILL')
      await exited
    }
    peers = []
  })
  afterAll(() => database.close())

  function start(options: object = {}): Peer {
    const peer = startPeer({ ...database.own, ...options })
    peers.push(peer)
    return peer
  }

  describe('one appends and clears, then the other appends: nothing of old is left, nothing of new is lost', () => {
    test.each([
      ['equal clocks', 0, 500],
      ['the clearing clock 5 s behind', -5_000, 100],
      ['the clearing clock 60 s ahead', 60_000, 100],
    ])('%s', { timeout: 120_000 }, async (_, offsetMs, rounds) => {
      const [clearing, appending] = [start({ offsetMs }), start()]
      const session = `clears ${offsetMs}`
      for (const round of range(rounds)) {
        await clearing.append(session, `old ${round}`, `old too ${round}`)
        await clearing.clear(session)
        await appending.append(session, `new ${round}`)
        expect(await appending.messages(session)).toEqual([`new ${round}`])
        if (round % 2 === 0) await appending.clear(session)
      }
    })
  })

  test('two writers in strict alternation, 400 appends: no inversion', async () => {
    const writers = [start(), start()]
    for (const number of range(400)) await writers[number % 2]?.append('alternating', `${number}`)
    expect(await writers[0]?.messages('alternating')).toEqual(range(400).map(String))
  })

  test('a clock that is set back 5 s: nothing is overwritten or lost, and the order stays that of the appends', async () => {
    const writer = start({ offsetMs: 1 })
    for (const number of range(50)) await writer.append('set back', `${number}`)
    await writer.setClock(-5_000)
    for (const number of range(50)) await writer.append('set back', `${50 + number}`)
    expect(await writer.messages('set back')).toEqual(range(100).map(String))
  })

  test('two writers whose clocks are 5 s apart: all kept, in the order of each, and after what a writer has seen', async () => {
    const [ahead, behind] = [start({ offsetMs: 5_000 }), start()]
    await Promise.all(
      [ahead, behind].map(async (writer, index) => {
        for (const number of range(100)) await writer.append('skewed', `${index} ${number}`)
      }),
    )
    const stored = await behind.messages('skewed')
    expect(stored).toHaveLength(200)
    for (const index of [0, 1]) {
      const own = stored.filter(text => text.startsWith(`${index} `))
      expect(own).toEqual(range(100).map(number => `${index} ${number}`))
    }
    await behind.append('skewed', 'after all that it has read')
    expect((await ahead.messages('skewed')).at(-1)).toBe('after all that it has read')
  })

  test('kill -9 while appending: every acknowledged append is there, none is torn', async () => {
    const peer = start()
    const acknowledged: number[] = []
    peer.child.on('message', ({ number }: { number: number }) => acknowledged.push(number))
    peer.child.send(['appendForEver', 'killed'])
    while (acknowledged.length < 100) await once(peer.child, 'message')
    peer.child.kill('SIGKILL')
    await peer.exited
    const stored = contents(await database.store().session('killed').messages())
    expect(stored.length % 2).toBe(0)
    const appends = stored.length / 2
    expect(stored).toEqual(range(appends).flatMap(number => [`${number} a`, `${number} b`]))
    expect([acknowledged.length, acknowledged.length + 1]).toContain(appends)
  })

  test('a process that closed its store exits by itself', async () => {
    const peer = start()
    await peer.append('exits', 'hi')
    expect(await peer.close()).toEqual([0, null])
  })

  describe('a process exits after close(), from both module systems', () => {
    const run = async (kind: 'module' | 'commonjs', body: string, options: object = {}) => {
      const load =
        kind === 'module'
          ? "import { createCassandraHistory } from '@hist/cassandra/store'"
          : "const { createCassandraHistory } = require('@hist/cassandra/store')"
      const settings = JSON.stringify({ ...database.own, ...options })
      const program = `${load}
        const store = createCassandraHistory(${settings})
        const main = async () => { ${body} }
        const tell = error => console.log(error.code + ': ' + error.message, error.code === 'TIMEOUT' ? error.cause : '')
        main().catch(tell).then(() => store.close())`
      const args = ['--input-type', kind, '--eval', program]
      return (await promisify(execFile)('node', args, { cwd: HERE, timeout: 20_000 })).stdout
    }

    test.each(['module', 'commonjs'] as const)('%s', async kind => {
      const body =
        "await store.session('two systems').append([{ type: 'human', data: { content: 'hi' } }]); console.log('appended')"
      expect(await run(kind, body)).toBe('appended\n')
    })

    const read = "await store.session('s').messages()"

    test('closed while it connects', async () => {
      expect(await run('module', `store.session('s').messages({ timeoutMs: 1 }).catch(() => {})`)).toBe('')
    })

    test('after a wrong data centre', async () => {
      const output = await run('module', `await ${read.replace('await ', '')}.catch(() => {}); ${read}`, {
        localDataCenter: 'elsewhere',
      })
      expect(output).toMatch(/^INVALID_CONFIGURATION: .*'elsewhere'.*datacenter1/)
    })

    test('after an unreachable host', async () => {
      expect(await run('module', "await store.session('s').messages({ timeoutMs: 1_500 })", { port: 1 })).toMatch(
        // Or the deadline ended the last repeat, whose cause is then that of the attempt before.
        /^(UNAVAILABLE: .*|TIMEOUT: [\s\S]*)ECONNREFUSED/,
      )
    })
  })

  test('what a writer in this process and one elsewhere append at once stays in whole turns', async () => {
    const [other, chat] = [start(), database.store().session('turns')]
    const here = range(100).map(number => chat.append([human(`here ${number} a`), human(`here ${number} b`)]))
    for (const number of range(100)) await other.append('turns', `there ${number} a`, `there ${number} b`)
    await Promise.all(here)
    const stored = contents(await chat.messages()).map(String)
    expect(stored).toHaveLength(400)
    for (const index of range(200)) expect(stored[2 * index + 1]).toBe(stored[2 * index]?.replace(/ a$/, ' b'))
  })
})
