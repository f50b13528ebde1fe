import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Document, Narrowing, Scalar } from '../src/documents.js'
import { writeDocuments } from '../src/documents-api/write-documents.js'
import type { Collection } from '../src/storage/catalog.js'
import { CollectionDocuments } from '../src/storage/collection-documents.js'
import { Database } from '../src/storage/database.js'
import { IndexedCollection } from '../src/storage/indexed-collection.js'
import { encodeScalar, encodeText } from '../src/storage/keys.js'
import { openLibsqlStore } from '../src/storage/libsql-store.js'
import { temporaryFile } from './test-server.js'

const values: Scalar[] = [
  false,
  true,
  -(10n ** 400n),
  -1e300,
  -1152921504606846977n,
  -(2 ** 60),
  -1.5,
  -1,
  0,
  Number.MIN_VALUE,
  0.5,
  1,
  2 ** 53,
  2n ** 53n + 1n,
  2 ** 60,
  1152921504606846977n,
  1152921504606846978n,
  1e300,
  10n ** 400n,
  '',
  '\0',
  '\0\0',
  '\u0001',
  'a',
  'a\0',
  'a\0b',
  'a\u0001',
  'ab',
  'é',
  '\ud800',
  '😀',
  '\uffff',
]

test('keys sort as values do', () => {
  const sorted = values.toSorted((one, other) => Buffer.compare(encodeScalar(one), encodeScalar(other)))
  expect(sorted).toEqual(values)
  expect(Buffer.compare(encodeScalar(-0), encodeScalar(0))).toBe(0)
  expect(Buffer.compare(encodeScalar(5n), encodeScalar(5))).toBe(0)
  expect([...encodeText('a\0')]).toEqual([0x61, 0, 0xff, 0])
})

describe('a collection', () => {
  let database: Database
  let collection: Collection
  let now = Date.UTC(2026, 0, 1)
  const errors: unknown[] = []

  beforeEach(() => {
    now = Date.UTC(2026, 0, 1)
    database = new Database({ data: ':memory:', visibilityDelayMs: 0, now: () => now, onError: error => errors.push(error) })
    collection = database.catalog.createCollection({ workspace: 'commons', name: 'c', createdAt: now })
  })
  afterEach(() => database.close())

  const add = (documents: readonly object[]) => writeDocuments(database, collection, 'add', documents)
  const view = () => database.collection('commons', 'c') ?? expect.unreachable()
  const ids = (documents: Iterable<Document> | undefined) => documents && Array.from(documents, ({ _id }) => _id)

  test('narrows as a scan would, whatever the values', () => {
    const long = ['x'.repeat(499), 'x'.repeat(500), 'x'.repeat(501), `${'x'.repeat(600)}b`, `${'x'.repeat(600)}a`, 'y']
    const all = [...values, ...long]
    add([
      ...all.map((v, index) => ({ _id: `v${index}`, v })),
      { _id: 'none' },
      { _id: 'null', v: null },
      { _id: 'array', v: [1] },
    ])
    const exact = (fits: (value: Scalar) => boolean) => all.flatMap((value, index) => (fits(value) ? [`v${index}`] : [])).sort()
    const check = (narrowing: Narrowing, fits: (value: Scalar) => boolean) => {
      const found = ids(view().scan(narrowing)) ?? []
      expect(found).toEqual(expect.arrayContaining(exact(fits)))
      const counted = view().count(narrowing)
      if (counted !== undefined) expect(counted).toBe(exact(fits).length)
      for (const direction of ['ascending', 'descending'] as const) {
        const inOrder = ids(view().scanInOrder('v', direction, narrowing)) ?? []
        expect(inOrder.filter(id => exact(fits).includes(String(id))).sort()).toEqual(exact(fits))
      }
    }
    const isSameType = (one: Scalar, other: Scalar) => kind(one) === kind(other)
    for (const value of all) {
      check({ equal: [{ member: 'v', value }] }, other => isSameType(value, other) && isEqual(value, other))
      for (const isInclusive of [true, false]) {
        const bound = { value, isInclusive }
        const isOn = (other: Scalar) => isInclusive && isEqual(value, other)
        check({ range: [{ member: 'v', above: bound }] }, other => isSameType(value, other) && (other > value || isOn(other)))
        check({ range: [{ member: 'v', below: bound }] }, other => isSameType(value, other) && (other < value || isOn(other)))
      }
    }
  })

  test('comes in the order of a member, long strings too', () => {
    const texts = [
      'b',
      `${'x'.repeat(600)}b`,
      'a',
      `${'x'.repeat(600)}a`,
      'x'.repeat(500),
      `${'x'.repeat(600)}c`,
      'z',
      `${'w'.repeat(600)}c`,
    ]
    add([...texts.map(text => ({ _id: text.slice(-2) + text.length, text })), { _id: 'n', text: 1 }, { _id: 'no' }])
    const order = (direction: 'ascending' | 'descending') =>
      Array.from(view().scanInOrder('text', direction) ?? [], ({ text }) => text)
    expect(order('ascending')).toEqual([1, ...texts.toSorted()])
    expect(order('descending')).toEqual([1, ...texts.toSorted()].reverse())
    const byId = texts.map(text => text.slice(-2) + text.length).concat('n', 'no')
    expect(ids(view().scanInOrder('_id', 'ascending'))).toEqual(byId.toSorted())
    const narrowing: Narrowing = { range: [{ member: '_id', above: { value: 'c601', isInclusive: false } }] }
    expect(ids(view().scanInOrder('_id', 'descending', narrowing))).toEqual(
      byId
        .filter(id => id > 'c601')
        .toSorted()
        .reverse(),
    )
  })

  test('compares few of many equalities', () => {
    const store = openLibsqlStore(':memory:')
    const count = vi.spyOn(store.table('document_index'), 'count')
    const many = new IndexedCollection(new CollectionDocuments(store, { number: 1 }, () => now))
    const equal = Array.from({ length: 1_000 }, (_, value) => ({ member: `m${value}`, value }))
    expect([...many.scan({ equal })]).toEqual([])
    expect(count.mock.calls.length).toBeLessThan(20)
    store.close()
  })

  test('has an order within an equality once queries ask for it, kept up by writes', () => {
    const document = (index: number) => ({
      _id: `d${index % 7}-${index}`,
      session: `s${index % 2}`,
      seq: String(index).padStart(5, '0'),
    })
    add(Array.from({ length: 300 }, (_, index) => document(index)))
    const narrowing: Narrowing = { equal: [{ member: 'session', value: 's1' }] }
    expect(view().scanInOrder('seq', 'ascending', narrowing)).toBeUndefined()
    add(Array.from({ length: 300 }, (_, index) => document(300 + index)))
    const last = () =>
      Array.from(
        complete(() => view().scanInOrder('seq', 'descending', narrowing)),
        ({ seq }) => seq,
      ).slice(0, 2)
    expect(last()).toEqual(['00599', '00597'])
    add([document(601)])
    writeDocuments(database, collection, 'delete', [{ _id: document(599)._id }])
    writeDocuments(database, collection, 'patch', [
      { _id: document(597)._id, patch: [{ op: 'REPLACE', path: '/session', value: 's0' }] },
    ])
    expect(last()).toEqual(['00601', '00595'])
    const after: Narrowing = { ...narrowing, range: [{ member: 'seq', above: { value: '00593', isInclusive: false } }] }
    expect(Array.from(view().scanInOrder('seq', 'ascending', after) ?? [], ({ seq }) => seq)).toEqual(['00595', '00601'])
    expect(ids(view().scanInOrder('_id', 'ascending', narrowing))?.length).toBe(299)
    expect(view().count(narrowing)).toBe(299)
    expect(view().count({})).toBe(600)
    expect(view().count(after)).toBe(2)
    const other: Narrowing = { ...narrowing, range: [{ member: 'other', above: { value: 0, isInclusive: true } }] }
    expect(complete(() => view().count(other))).toBe(0)
  })

  test('reads what it has, also if nobody could send it', () => {
    const n = 10n ** 2_000n
    add([{ _id: 'a', n }])
    expect([...view().scan({ equal: [{ member: 'n', value: n }] })]).toMatchObject([{ _id: 'a', n }])
    writeDocuments(database, collection, 'delete', [{ _id: 'a' }])
    expect(view().count({})).toBe(0)
  })

  test('a scan may go on while another does', () => {
    add(Array.from({ length: 500 }, (_, index) => ({ _id: String(index).padStart(3, '0') })))
    const one = view().scan()[Symbol.iterator]()
    const other = view().scan()[Symbol.iterator]()
    const pairs = Array.from({ length: 500 }, () => [one.next().value?._id, other.next().value?._id])
    expect(pairs.every(([first, second], index) => first === second && Number(first) === index)).toBe(true)
  })

  test('loses what is older than its retention, by _event_time', () => {
    collection = database.catalog.createCollection({
      workspace: 'commons',
      name: 'short',
      createdAt: now,
      retentionSeconds: 3_600,
    })
    const short = () => database.collection('commons', 'short') ?? expect.unreachable()
    add([{ _id: 'old' }, { _id: 'ancient', _event_time: '2020-01-01' }, { _id: 'micros', _event_time: now * 1_000 + 1 }])
    expect(ids(short().scan())).toEqual(['micros', 'old'])
    expect(short().get('micros')?._event_time).toBe('2026-01-01T00:00:00.000001Z')
    now += 1_800_000
    add([{ _id: 'new' }])
    writeDocuments(database, collection, 'patch', [{ _id: 'old', patch: [{ op: 'ADD', path: '/x', value: 1 }] }])
    now += 1_800_001
    expect(short().get('old')).toBeUndefined()
    expect(database.count(collection)).toBe(1)
    now += 1_800_000
    expect(writeDocuments(database, collection, 'patch', [{ _id: 'new', patch: [] }]).data).toMatchObject([
      { error: { type: 'NOTFOUND' } },
    ])
    expect(errors).toEqual([])
  })
})

describe('the file', () => {
  test('is for one server', () => {
    const file = temporaryFile()
    const store = openLibsqlStore(file)
    expect(() => openLibsqlStore(file)).toThrow(`The database ${file} is in use by another server.`)
    store.close()
    openLibsqlStore(file).close()
  })

  test('that is another one is refused', () => {
    const file = temporaryFile()
    writeFileSync(file, 'no database, but text that is long enough to be one'.repeat(100))
    expect(() => openLibsqlStore(file)).toThrow('file is not a database')
    expect(() => openLibsqlStore(`${file}/missing/x`)).toThrow('cannot be opened')
  })

  test('that cannot be written is refused', () => {
    const readOnly = temporaryFile()
    openLibsqlStore(readOnly).close()
    const bytes = readFileSync(readOnly)
    // A format of the file that a newer SQLite would write, and this one can only read: so also for root.
    bytes[18] = 3
    writeFileSync(readOnly, bytes)
    const unwritable = temporaryFile()
    mkdirSync(`${unwritable}-wal`)
    for (const file of [readOnly, unwritable])
      expect(() => openLibsqlStore(file)).toThrow(`The database ${file} cannot be written: `)
  })

  test('keeps nothing of a transaction that fails', () => {
    const store = openLibsqlStore(':memory:')
    const table = store.table('workspaces')
    const fail = () => {
      table.put(Buffer.of(1), 'x')
      throw new Error('no')
    }
    expect(() => store.transaction(() => store.transaction(fail))).toThrow('no')
    expect(table.get(Buffer.of(1))).toBeUndefined()
    store.close()
  })
})

/** An order is made by slices of time, some more of it with each query. */
function complete<T>(query: () => T | undefined): T {
  for (let number = 0; number < 100; number++) {
    const found = query()
    if (found !== undefined) return found
  }
  throw new Error('no order after 100 queries')
}

/** 5 and 5n are one value. */
function isEqual(one: Scalar, other: Scalar): boolean {
  return kind(one) === kind(other) && !(one < other) && !(one > other)
}

function kind(value: Scalar): string {
  return typeof value === 'bigint' ? 'number' : typeof value
}
