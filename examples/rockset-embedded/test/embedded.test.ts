import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'hist-rockset-embedded-'))
const data = join(folder, 'chat.db')
const running = new Map<ChildProcess, Promise<unknown[]>>()

beforeAll(() => {
  for (const name of ['core', 'rockset', 'rockset-server'])
    if (!existsSync(fileURLToPath(new URL(`../../../packages/${name}/dist/index.js`, import.meta.url))))
      throw new Error(`build ${name} first: a process loads dist`)
})

afterAll(async () => {
  for (const [child, exited] of running) {
    child.kill('SIGKILL')
    await exited
  }
  rmSync(folder, { recursive: true })
})

test('it chats, ends, and remembers; an old program reads along', async () => {
  const first = await startChat()
  expect(first.count).toBe(0)
  expect(await first.say('hi')).toBe('You have told me: hi.')
  expect(await first.say('I am Ada')).toBe('You have told me: hi, I am Ada.')
  expect(await report(first.url)).toEqual([
    { session: 'you', type: 'ai', messages: 2 },
    { session: 'you', type: 'human', messages: 2 },
  ])
  const other = start('../chat.mjs', { ROCKSET_DATA: data, PORT: '0' })
  expect(await text(other.stderr)).toContain(data)
  expect(await running.get(other)).toEqual([1, null])
  expect(await first.end()).toBe(0)

  const second = await startChat()
  expect(second.count).toBe(4)
  expect(await second.say('again')).toBe('You have told me: hi, I am Ada, again.')
  expect(await report(second.url)).toMatchObject([{ messages: 3 }, { messages: 3 }])
  expect(await second.end()).toBe(0)
})

async function startChat() {
  const child = start('../chat.mjs', { ROCKSET_DATA: data, PORT: '0' })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async () => (await lines.next()).value
  const [, url = '', count] = /at (\S+), and has (\d+) messages/.exec(await next()) ?? []
  return {
    url,
    count: Number(count),
    say(question: string): Promise<string> {
      child.stdin.write(`${question}\n`)
      return next()
    },
    async end(): Promise<unknown> {
      child.stdin.end()
      return (await running.get(child))?.[0]
    },
  }
}

async function report(url: string): Promise<unknown> {
  const child = start('../report.cjs', { ROCKSET_APISERVER: url })
  child.stdin.end()
  return JSON.parse(await text(child.stdout))
}

function start(script: string, variables: object) {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url))], {
    env: { ...process.env, ...variables, NODE_OPTIONS: '' },
    stdio: 'pipe',
  })
  running.set(child, once(child, 'exit'))
  return child
}
