// What the server does when nobody waits for it: little at a time, and nobody sees what is not done yet.
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Document, Narrowing } from '../src/documents.js'
import { writeDocuments } from '../src/documents-api/write-documents.js'
import type { Collection } from '../src/storage/catalog.js'
import { Database } from '../src/storage/database.js'
import { openLibsqlStore } from '../src/storage/libsql-store.js'
import { type TableName, tableNames } from '../src/storage/store.js'
import { temporaryFile } from './test-server.js'

let now = 0
const errors: unknown[] = []

beforeEach(() => {
  now = Date.UTC(2026, 0, 1)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
  expect(errors).toEqual([])
})

function open(options: { data?: string; visibilityDelayMs?: number } = {}): Database {
  const database = new Database({
    data: ':memory:',
    visibilityDelayMs: 0,
    ...options,
    now: () => now,
    onError: error => errors.push(error),
  })
  onTestFinished(() => database.close())
  return database
}

function create(database: Database, retentionSeconds?: number): Collection {
  return database.catalog.createCollection({
    workspace: 'commons',
    name: 'c',
    createdAt: now,
    ...(retentionSeconds !== undefined && { retentionSeconds }),
  })
}

const idsOf = (documents: Iterable<Document> | undefined) => documents && Array.from(documents, ({ _id }) => _id)
const viewOf = (database: Database) => database.collection('commons', 'c') ?? expect.unreachable()
const numbered = (count: number, members: (index: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, index) => ({ _id: String(index).padStart(5, '0'), ...members(index) }))

/** From now on 1 ms goes by whenever somebody looks at the clock: a slice of work has about 50 steps. */
function slowClock(): void {
  let milliseconds = performance.now()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => ++milliseconds)
  onTestFinished(() => clock.mockRestore())
}

describe('retention', () => {
  const count = 300
  const narrowing: Narrowing = { equal: [{ member: 'kind', value: 'x' }] }

  test('hides what is too old from every access, before anything is swept', () => {
    const database = open()
    const collection = create(database, 3_600)
    writeDocuments(
      database,
      collection,
      'add',
      numbered(count, () => ({ kind: 'x', seq: 1 })),
    )
    now += 1_800_000
    writeDocuments(database, collection, 'add', [{ _id: 'new', kind: 'x', seq: 2 }])
    now += 1_800_001
    const view = viewOf(database)
    expect(view.get('00000')).toBeUndefined()
    expect(view.get('new')).toBeDefined()
    expect(idsOf(view.scan())).toEqual(['new'])
    expect(idsOf(view.scan(narrowing))).toEqual(['new'])
    for (const member of ['_id', 'seq', '_event_time']) expect(idsOf(view.scanInOrder(member, 'descending'))).toEqual(['new'])
    expect(view.count(narrowing)).toBeUndefined()
    expect(view.count({})).toBe(1)
    expect(database.count(collection)).toBe(1)
    const patch = { _id: '00001', patch: [{ op: 'ADD', path: '/y', value: 1 }] }
    expect(writeDocuments(database, collection, 'patch', [patch]).data).toMatchObject([{ error: { type: 'NOTFOUND' } }])
  })

  test('lets a document that is too old be written anew, with nothing of the old one in the index', () => {
    const database = open()
    const collection = create(database, 3_600)
    writeDocuments(database, collection, 'add', [{ _id: 'a', kind: 'x' }])
    now += 3_600_001
    expect(writeDocuments(database, collection, 'add', [{ _id: 'a', kind: 'y' }]).data).toMatchObject([{ status: 'ADDED' }])
    expect(viewOf(database).count(narrowing)).toBe(0)
    expect(idsOf(viewOf(database).scan(narrowing))).toEqual([])
  })

  /** When all have expired. Before, those that are not deleted can be seen. */
  function afterExpiry(run: () => void): void {
    now += 3_600_001
    run()
    now -= 3_600_001
  }

  test('is swept by slices', () => {
    const database = open()
    const collection = create(database, 3_600)
    writeDocuments(database, collection, 'add', numbered(count))
    slowClock()
    const lefts = new Set<number>()
    for (let slice = 0; slice < 20; slice += 1) {
      afterExpiry(() => vi.advanceTimersByTime(10))
      lefts.add(Array.from(viewOf(database).scan()).length)
    }
    expect(lefts.size).toBeGreaterThan(4)
    expect(Math.min(...lefts)).toBe(0)
  })

  test('is swept every minute', () => {
    const database = open()
    const collection = create(database, 3_600)
    vi.advanceTimersByTime(10)
    writeDocuments(database, collection, 'add', numbered(3))
    afterExpiry(() => vi.advanceTimersByTime(59_000))
    expect(Array.from(viewOf(database).scan()).length).toBe(3)
    afterExpiry(() => vi.advanceTimersByTime(1_000))
    expect(Array.from(viewOf(database).scan()).length).toBe(0)
  })
})

test('a collection that is dropped is gone at once, and from the disk by slices, also after a restart', () => {
  const data = temporaryFile()
  const database = new Database({ data, visibilityDelayMs: 0, now: () => now, onError: error => errors.push(error) })
  const collection = create(database)
  writeDocuments(
    database,
    collection,
    'add',
    numbered(4_000, index => ({ index })),
  )
  database.deleteCollection(collection)
  expect(database.collection('commons', 'c')).toBeUndefined()
  const again = create(database)
  writeDocuments(database, again, 'add', [{ _id: 'kept' }])
  slowClock()
  vi.advanceTimersByTime(10)
  database.close()
  expect(rowsIn(data, 'documents')).toBeGreaterThan(1)
  expect(rowsIn(data, 'dropped')).toBe(1)

  const reopened = new Database({ data, visibilityDelayMs: 0, now: () => now, onError: error => errors.push(error) })
  expect(idsOf(viewOf(reopened).scan())).toEqual(['kept'])
  vi.advanceTimersByTime(2_000)
  expect(idsOf(viewOf(reopened).scan())).toEqual(['kept'])
  reopened.close()
  expect(rowsIn(data, 'documents')).toBe(1)
  // Of `_event_time`.
  expect(rowsIn(data, 'document_index')).toBe(1)
  expect(rowsIn(data, 'dropped')).toBe(0)
})

test('an order is made by slices, while documents change, and used once it is complete', () => {
  const data = temporaryFile()
  let database = new Database({ data, visibilityDelayMs: 0, now: () => now, onError: error => errors.push(error) })
  let collection = create(database)
  const document = (index: number) => ({ session: `s${index % 2}`, seq: index * 10 })
  writeDocuments(database, collection, 'add', numbered(1_000, document))
  const narrowing: Narrowing = { equal: [{ member: 'session', value: 's1' }] }
  slowClock()
  const asked = () => viewOf(database).scanInOrder('seq', 'ascending', narrowing)
  let attempts = 0
  let found = asked()
  for (; !found && attempts < 100; attempts += 1) {
    const behind = { _id: '00001', seq: -attempts, session: 's1' }
    const ahead = { _id: '00999', seq: 9_990 + attempts, session: attempts % 3 === 0 ? 's0' : 's1' }
    writeDocuments(database, collection, 'add', [behind, ahead])
    writeDocuments(database, collection, 'delete', [{ _id: String(2 * attempts + 101).padStart(5, '0') }])
    if (attempts === 5) {
      database.close()
      database = new Database({ data, visibilityDelayMs: 0, now: () => now, onError: error => errors.push(error) })
      collection = database.catalog.collection('commons', 'c')
    }
    found = asked()
  }
  expect(attempts).toBeGreaterThan(10)
  const sequence = Array.from(found ?? [], ({ seq }) => Number(seq))
  const sorted = Array.from(viewOf(database).scan(narrowing), ({ seq }) => Number(seq)).sort((one, other) => one - other)
  expect(sequence).toEqual(sorted)
  expect(viewOf(database).count({ ...narrowing, range: [{ member: 'seq', above: { value: 0, isInclusive: true } }] })).toBe(
    sorted.filter(seq => seq >= 0).length,
  )
  database.close()
})

test('a request that takes too long is refused as a whole', () => {
  const database = open()
  const collection = create(database)
  writeDocuments(database, collection, 'add', [{ _id: 'before' }])
  slowClock()
  const patches = Array.from({ length: 40_000 }, () => ({ _id: 's', patch: [], upsert: {} }))
  expect(() => writeDocuments(database, collection, 'patch', patches)).toThrow(/takes more than 30000 ms/)
  expect(idsOf(viewOf(database).scan())).toEqual(['before'])
  expect(writeDocuments(database, collection, 'add', [{ _id: 'after' }]).last_offset).toBe('f1:0:0:0:2')
})

test('pending writes that are due together are applied in order, by slices', () => {
  const database = open({ visibilityDelayMs: 1_000 })
  const collection = create(database)
  for (let value = 1; value <= 200; value += 1) {
    const patch = [{ op: 'ADD', path: '/list/-', value }]
    writeDocuments(database, collection, 'patch', [{ _id: 's', patch, upsert: { list: [] } }])
  }
  const list = () => (viewOf(database).get('s')?.list ?? []) as readonly number[]
  slowClock()
  now += 1_000
  const lengths = new Set<number>()
  for (let turn = 0; turn < 20; turn += 1) {
    vi.advanceTimersByTime(turn === 0 ? 1_000 : 1)
    expect(list()).toEqual(Array.from({ length: list().length }, (_, index) => index + 1))
    expect(database.applied).toBe(list().length)
    lengths.add(list().length)
  }
  expect(lengths.size).toBeGreaterThan(3)
  expect(list().length).toBe(200)
})

function rowsIn(data: string, name: TableName): number {
  expect(tableNames).toContain(name)
  const store = openLibsqlStore(data)
  const rows = store.table(name).count({ from: Buffer.alloc(0), before: Buffer.of(0xff) })
  store.close()
  return rows
}
