// The program as it is installed, so the build must be up to date: `npm run build`.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { openLibsqlStore } from '../src/storage/libsql-store.js'
import { connect, temporaryFile } from './test-server.js'

const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

function run(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [program, '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function start(...args: string[]) {
  const child = run(...args)
  if (!child.stdout) throw new Error('no output')
  for await (const line of createInterface(child.stdout)) {
    const { message, url } = JSON.parse(line)
    if (message !== 'listening') continue
    child.stdout.resume()
    return { child, server: connect({ url, close: async () => {} }, 'any') }
  }
  throw new Error('the server did not start')
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  const exited = once(child, 'exit')
  child.kill(signal)
  return (await exited)[0]
}

test.each([
  ['0', 'read at once'],
  ['60000', 'pending'],
])(
  'kill -9 loses nothing that was acknowledged (delay %s ms, %s)',
  async delayMs => {
    const data = temporaryFile()
    const acknowledged: string[] = []
    const first = await start('--data', data, '--visibility-delay-ms', delayMs)
    const path = `${await first.server.createCollection('c')}/docs`
    const statuses = new Set<string>()
    let next = 0
    const write = async () => {
      for (;;) {
        const value = `v${next++}`
        const patch = [{ op: 'ADD', path: '/messages/-', value }]
        const session = { _id: `s${next % 5}`, patch, upsert: { messages: [] } }
        const answers = await Promise.all([
          first.server.request('POST', path, { data: [{ _id: value, value }] }),
          first.server.request('PATCH', path, { data: [session] }),
        ])
        statuses.add(answers.map(({ body }) => body.data[0].status).join())
        acknowledged.push(value)
        if (acknowledged.length === 600) void stop(first.child, 'SIGKILL')
      }
    }
    await Promise.allSettled(Array.from({ length: 8 }, write))
    expect(acknowledged.length).toBeGreaterThanOrEqual(600)
    expect([...statuses]).toEqual(['ADDED,PATCHED'])

    const second = await start('--data', data)
    const documents = await second.server.query('SELECT value FROM commons.c WHERE value >= :v', { v: 'v' })
    const stored = new Set(documents.map(({ value }) => value))
    const sessions = await second.server.query('SELECT messages FROM commons.c WHERE messages IS NOT UNDEFINED')
    const messages = sessions.flatMap(session => session.messages as string[])
    expect(acknowledged.filter(value => !stored.has(value) || !messages.includes(value))).toEqual([])
    expect(new Set(messages).size).toBe(messages.length)
    expect(await stop(second.child, 'SIGTERM')).toBe(0)

    const store = openLibsqlStore(data)
    onTestFinished(() => store.close())
    store.check()
  },
  90_000,
)

test('a second server on one file says so and ends', async () => {
  const data = temporaryFile()
  await start('--data', data)
  const second = run('--data', data)
  let message = ''
  second.stderr?.on('data', chunk => {
    message += chunk
  })
  expect((await once(second, 'close'))[0]).toBe(1)
  expect(message).toContain(`The database ${data} is in use by another server.`)
})

test.each([[['--data', ':memory:', '--host', '0.0.0.0']], [['--data', ':memory:', '--port', 'x']], [[]], [['--unknown']]])(
  '%j is refused',
  async args => {
    const [code] = await once(run(...args), 'exit')
    expect(code).toBe(1)
  },
)
