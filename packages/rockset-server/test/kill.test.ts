// kill -9 while several write, again and again: what was acknowledged is there, once. That the machine loses power is not tried.
import Database from 'libsql'
import { expect, onTestFinished, test } from 'vitest'
import { type ServerProcess, startServerProcess, stopServerProcess } from './server-process.js'
import { type TestServer, temporaryFile } from './test-server.js'

const writers = 4
const appendsAtOnce = 4
const sessions = 16

/** One run of the server: with this delay, killed as soon as so many appends are acknowledged. */
const runs = [
  { delayMs: 0, appends: 400 },
  // Pending when the server is killed, all of them or some.
  { delayMs: 60_000, appends: 400 },
  { delayMs: 20, appends: 400 },
  { delayMs: 0, appends: 400 },
  { delayMs: 20, appends: 400 },
]

/** What was written, and what is known of it. */
class Ledger {
  readonly acknowledged = new Set<string>()
  /** Asked for, and no answer came: it may be there or not. */
  readonly unknown = new Set<string>()
  /** The largest of the answers. */
  offset = 0
  #names = 0

  name(): string {
    this.#names += 1
    return `v${String(this.#names).padStart(5, '0')}`
  }

  note(name: string, offset: string): void {
    this.acknowledged.add(name)
    this.offset = Math.max(this.offset, numberOf(offset))
  }
}

test('2,000 appends and 500 documents, five times kill -9: nothing acknowledged is lost, nothing is there twice', async () => {
  const data = temporaryFile()
  const documents = new Ledger()
  const appends = new Ledger()
  for (const { delayMs, appends: count } of runs) {
    const started = await startServerProcess(['--data', data, '--visibility-delay-ms', String(delayMs)])
    await started.server.createCollection('c')
    const { last_offset } = (await started.server.request('POST', docs, { data: [] })).body
    expect(numberOf(last_offset)).toBeGreaterThan(Math.max(documents.offset, appends.offset))
    await retryUnknown(started.server, documents)
    const target = appends.acknowledged.size + count
    await writeUntilKilled(started, documents, appends, () => appends.acknowledged.size >= target)
  }
  expect(appends.acknowledged.size).toBeGreaterThanOrEqual(2_000)

  const last = await startServerProcess(['--data', data])
  await retryUnknown(last.server, documents)
  await checkEverything(last.server, documents, appends)
  expect(await stopServerProcess(last, 'SIGTERM')).toBe(0)

  const file = new Database(data)
  onTestFinished(() => void file.close())
  expect(file.prepare('PRAGMA integrity_check').raw().all([])).toEqual([['ok']])
}, 120_000)

/** Each document's `_id` is its own, so whoever got no answer asks again. */
async function retryUnknown(server: TestServer, documents: Ledger): Promise<void> {
  const unknown = [...documents.unknown]
  if (unknown.length === 0) return
  const { status, body } = await server.request('POST', docs, { data: unknown.map(_id => ({ _id, value: _id })) })
  expect(status).toBe(200)
  documents.unknown.clear()
  for (const { _id, status } of body.data) {
    expect(['ADDED', 'REPLACED']).toContain(status)
    documents.note(_id, body.last_offset)
  }
}

async function writeUntilKilled(process: ServerProcess, documents: Ledger, appends: Ledger, isEnough: () => boolean) {
  const { server } = process
  let killed: Promise<unknown> | undefined
  /** @returns Undefined if no answer came. */
  const write = async (ledger: Ledger, method: string, item: (name: string) => { _id: string }, wanted: string) => {
    const name = ledger.name()
    ledger.unknown.add(name)
    const answer = await server.request(method, docs, { data: [item(name)] }).catch(() => undefined)
    if (!answer) return undefined
    expect(answer.body.data).toMatchObject([{ status: wanted }])
    ledger.unknown.delete(name)
    ledger.note(name, answer.body.last_offset)
    return answer
  }
  const append = (name: string) => ({
    _id: `s${Number(name.slice(1)) % sessions}`,
    patch: [{ op: 'ADD', path: '/messages/-', value: name }],
    upsert: { messages: [] },
  })
  const writer = async () => {
    for (;;) {
      const answers = await Promise.all([
        write(documents, 'POST', _id => ({ _id, value: _id }), 'ADDED'),
        ...Array.from({ length: appendsAtOnce }, () => write(appends, 'PATCH', append, 'PATCHED')),
      ])
      if (isEnough()) killed ??= stopServerProcess(process, 'SIGKILL')
      if (answers.includes(undefined)) return
    }
  }
  await Promise.all(Array.from({ length: writers }, writer))
  expect(killed, 'the server ended by itself').toBeDefined()
  expect(await killed).toBeNull()
}

async function checkEverything(server: TestServer, documents: Ledger, appends: Ledger): Promise<void> {
  const values = (rows: Record<string, unknown>[]) => rows.map(({ value }) => String(value)).sort()
  // By the index, and by looking at every document.
  const indexed = values(await server.query(`SELECT value FROM commons.c WHERE value >= 'v'`))
  const scanned = values(await server.query('SELECT value FROM commons.c WHERE value IS NOT UNDEFINED'))
  expect(scanned).toEqual(indexed)
  expect(scanned).toEqual([...documents.acknowledged].sort())

  const rows = await server.query('SELECT messages FROM commons.c WHERE messages IS NOT UNDEFINED')
  const stored = rows.flatMap(({ messages }) => messages as string[])
  expect(rows).toHaveLength(sessions)
  expect(stored.length, 'an append is there twice').toBe(new Set(stored).size)
  const isStored = new Set(stored)
  expect(
    [...appends.acknowledged].filter(name => !isStored.has(name)),
    'acknowledged and lost',
  ).toEqual([])
  expect(
    stored.filter(name => !appends.acknowledged.has(name) && !appends.unknown.has(name)),
    'never asked for',
  ).toEqual([])
  expect(appends.unknown.size).toBeLessThanOrEqual(runs.length * writers * appendsAtOnce)
}

function numberOf(offset: string): number {
  return Number(offset.split(':').at(-1))
}

const docs = '/ws/commons/collections/c/docs'
