// These run dist, as people do: `npm test` builds it first.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { findPython } from '@hist/python'
import { describeWithJava } from '@hist/servers/vitest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { provideJars } from '../src/jars.js'
import { provideMoto } from '../src/moto.js'
import { runningPid } from '../src/owned-process.js'
import { acceptsConnections } from '../src/ports.js'

const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

describeWithJava('cassandra', 'npm run servers', () => {
  describeWithJava('kafka', 'with all servers', () => {
    const python = findPython()
    if (!python.available) {
      test('DynamoDB too', ({ skip }) => skip(python.reason))
      return
    }
    // A cache of its own: it neither sees nor stops what a person has up.
    const cache = mkdtempSync(join(tmpdir(), 'hist-cli-test-'))
    const run = join(cache, 'run')

    beforeAll(async () => {
      mkdirSync(run)
      const { folder: moto } = await provideMoto()
      for (const folder of [await provideJars('cassandra'), await provideJars('kafka'), moto]) {
        symlinkSync(folder, join(cache, folder.split('/').at(-1) ?? ''))
      }
    })

    afterAll(async () => {
      // A killed `up` leaves its lock, which takes a while to grow stale.
      if (nodes().length > 0) await servers('down')
      rmSync(cache, { recursive: true })
    })

    function start(...words: string[]) {
      const env = { ...process.env, HIST_SERVERS_CACHE: cache, DOCKER_HOST: 'tcp://127.0.0.1:1' }
      return spawn(process.execPath, [program, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    }

    async function servers(...words: string[]) {
      const child = start(...words)
      const [[code], output, errors] = await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)])
      return { code, output, errors, last: output.trimEnd().split('\n').at(-1) ?? '' }
    }

    const nodes = () => readdirSync(run).map(cluster => join(run, cluster, 'node-1'))

    test('up, up again, status, down', async () => {
      const up = await servers('up', '--json')
      expect(up).toMatchObject({ code: 0, errors: expect.not.stringContaining('Error') })
      const addresses = JSON.parse(up.last)
      expect(addresses).toEqual({
        cassandra: { contactPoints: ['127.0.0.1'], port: expect.any(Number), localDataCenter: 'datacenter1' },
        kafka: { bootstrapServers: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
        dynamodb: { endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) },
      })
      expect(await acceptsConnections(Number(new URL(addresses.dynamodb.endpoint).port), '127.0.0.1')).toBe(true)
      expect(await acceptsConnections(addresses.cassandra.port, '127.0.0.1')).toBe(true)
      expect(await acceptsConnections(Number(addresses.kafka.bootstrapServers.split(':')[1]), '127.0.0.1')).toBe(true)

      const [again, one, three] = [
        await servers('up', '--json'),
        await servers('up', 'kafka'),
        await servers('up', '--nodes', '3'),
      ]
      expect(again.last).toBe(up.last)
      expect(one.last).toBe(`HIST_KAFKA='${addresses.kafka.bootstrapServers}'`)
      expect(three).toMatchObject({ code: 1, errors: expect.stringContaining('take it down first') })

      expect((await servers('status', '--json')).last).toBe(up.last)
      const running = nodes()
      expect(running.map(runningPid)).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)])

      expect(await servers('down', 'kafka')).toMatchObject({ code: 0, last: 'Stopped kafka.' })
      expect((await servers('status')).output).toMatch(
        /^cassandra: 127.+\n {2}process \d+, log: .+\nkafka: not up\ndynamodb: .+\n.+\n$/,
      )
      expect(await servers('down', 'dynamodb')).toMatchObject({ code: 0, last: 'Stopped dynamodb.' })
      expect(await servers('down')).toMatchObject({ code: 0, last: 'Stopped cassandra.' })
      expect(nodes()).toEqual([])
      expect(running.map(runningPid)).toEqual([undefined, undefined, undefined])
      expect(await acceptsConnections(addresses.cassandra.port, '127.0.0.1')).toBe(false)
    }, 180_000)

    test.each(['SIGINT', 'SIGKILL'] as const)(
      '%s during up leaves nothing behind',
      async signal => {
        const child = start('up')
        await expect.poll(() => nodes().filter(folder => runningPid(folder) !== undefined).length, { timeout: 30_000 }).toBe(3)
        const pids = nodes().map(runningPid)
        child.kill(signal)
        await once(child, 'exit')
        await expect.poll(() => readdirSync(run), { timeout: 10_000 }).toEqual([])
        for (const pid of pids) expect(existsSync(`/proc/${pid}/cwd`)).toBe(false)
      },
      60_000,
    )

    test.each([[], ['start'], ['up', 'mysql'], ['up', '--nodes', '2'], ['up', '--quiet']])(
      'a command that it does not know is refused with the usage',
      async (...words) => {
        expect(await servers(...words)).toMatchObject({ code: 2, errors: expect.stringContaining('usage: ') })
      },
    )
  })
})
