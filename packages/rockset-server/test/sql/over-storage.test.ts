import assert from 'node:assert/strict'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { CollectionView, Document, DocumentSource } from '../../src/documents.js'
import { writeDocuments } from '../../src/documents-api/write-documents.js'
import { Database } from '../../src/storage/database.js'
import { Generator } from './generator.js'
import { memorySource } from './memory-source.js'
import { query } from './run.js'
import { assertSameAnswer } from './same-answer.js'

describe('queries over the storage', () => {
  let database: Database
  beforeAll(() => {
    database = new Database({ data: ':memory:', visibilityDelayMs: 0, onError: error => assert.fail(String(error)) })
  })
  afterAll(() => database.close())

  /** A collection as it is stored, and the same documents without any index. @param before What is overwritten by them or deleted. */
  function stored(
    name: string,
    documents: readonly Document[],
    before: readonly Document[] = [],
  ): { source: DocumentSource; naive: DocumentSource } {
    const collection = database.catalog.createCollection({ workspace: 'commons', name, createdAt: 0 })
    writeDocuments(database, collection, 'add', before)
    writeDocuments(database, collection, 'add', documents)
    const ids = new Set(documents.map(({ _id }) => _id))
    const others = before.filter(({ _id }) => !ids.has(_id))
    writeDocuments(database, collection, 'delete', others)
    const view = database.collection('commons', name)
    assert.ok(view !== undefined)
    return { source: { collection: () => view }, naive: memorySource({ 'commons.c': [...view.scan()] }, 'naive') }
  }

  it('push-down gives what looking at everything gives', () => {
    let rows = 0
    for (let round = 0; round < 20; round += 1) {
      const [generator, earlier] = [new Generator(round), new Generator(1_000 + round)]
      const documents = round % 5 === 0 ? generator.manyDocuments() : generator.documents()
      const { source, naive } = stored(`c${round}`, documents, earlier.documents())
      for (let seed = 0; seed < (round % 5 === 0 ? 25 : 50); seed += 1) {
        rows += assertSameAnswer(new Generator(round * 1000 + seed).pushed(), source, naive)
      }
    }
    assert.ok(rows > 800, String(rows))
  })

  /** How many documents are read for each statement of Python's class and of @hist/rockset. */
  it('every statement of the known clients reads no more documents than it has to', () => {
    const alive = '(m.expires_at IS UNDEFINED OR m.expires_at > :now)'
    const message = (session: number, index: number) => ({
      _id: `h${session}:${seqOf(index)}`,
      session_id: `s${session}`,
      seq: seqOf(index),
      message: { type: 'human' },
      ...(index % 2 === 0 && { expires_at: 5 }),
    })
    const indexes = Array.from({ length: 300 }, (_, index) => index)
    const collections = {
      m: stored(
        'm',
        ['1', '2', '3', '4'].flatMap(session => indexes.map(index => message(Number(session), index))),
      ),
      s: stored(
        's',
        indexes.map(index => ({
          _id: `s${index}`,
          messages: indexes.map(i => ({ hist: { a: `a${i}`, i: 0 } })),
          hist: { epoch: 'e' },
        })),
      ),
    }
    const parameters = {
      s: 's2',
      message_id: 'x',
      after: seqOf(100),
      before: seqOf(200),
      last: seqOf(400),
      a: 'a150',
      now: 4,
      n: 20,
    }
    const table: readonly [collection: 'm' | 's', text: string, rows: number, documents: number][] = [
      ['s', 'SELECT 1 FROM c WHERE _id=:s LIMIT 1', 1, 1],
      ['s', 'SELECT * FROM UNNEST((SELECT messages FROM c WHERE _id = :s)) AS message WHERE message.hist.a = :a LIMIT 1', 1, 1],
      ['s', 'SELECT * FROM UNNEST ((SELECT "messages" FROM c WHERE _id = :s))', 300, 1],
      ...['', ' DESC'].flatMap((direction): typeof table => [
        [
          's',
          `SELECT u.i AS i, u.m AS message FROM UNNEST((SELECT h."messages" FROM c h WHERE h._id = :s) AS m WITH ORDINALITY AS i) AS u
           WHERE u.i > 5 ORDER BY u.i${direction} LIMIT :n`,
          20,
          1,
        ],
        [
          's',
          `SELECT h.hist.epoch AS epoch, u.i AS i, u.m AS message FROM c h, UNNEST(h."messages" AS m WITH ORDINALITY AS i) AS u
           WHERE h._id = :s AND u.i > 5 ORDER BY u.i${direction} LIMIT :n`,
          20,
          1,
        ],
        [
          'm',
          `SELECT m.seq AS seq FROM c m WHERE m.session_id = :s AND m.seq > :after ORDER BY m.seq${direction} LIMIT :n`,
          20,
          20,
        ],
        [
          'm',
          `SELECT m.seq AS seq FROM c m WHERE m.session_id = :s AND m.seq < :before AND ${alive} ORDER BY m.seq${direction} LIMIT :n`,
          20,
          20,
        ],
        ['m', `SELECT m.seq AS seq FROM c m WHERE m.session_id = :s AND ${alive} ORDER BY m.seq${direction} LIMIT :n`, 20, 20],
      ]),
      [
        's',
        'SELECT 1 AS found FROM UNNEST((SELECT h."messages" FROM c h WHERE h._id = :s) AS m) AS u WHERE u.m.hist.a = :a LIMIT 1',
        1,
        1,
      ],
      ['s', 'SELECT h.hist AS hist, LENGTH(h."messages") AS n FROM c h WHERE h._id = :s', 1, 1],
      ['s', 'SELECT h._id AS session_id, LENGTH(h."messages") AS n FROM c h WHERE h._id > :s ORDER BY h._id LIMIT :n', 20, 20],
      ['m', 'SELECT COUNT(*) AS n, MAX(m.seq) AS last FROM c m WHERE m.session_id = :s', 1, 1],
      ['m', 'SELECT MAX(m.seq) AS last FROM c m WHERE m.session_id = :s', 1, 1],
      ['m', 'SELECT m._id AS id FROM c m WHERE m.session_id = :s AND m.seq <= :last ORDER BY m._id LIMIT 100', 100, 100],
      [
        'm',
        `SELECT m.session_id AS session_id, COUNT(*) AS n, MAX(m.seq) AS last FROM c m WHERE m.session_id > 's1'
         GROUP BY m.session_id ORDER BY session_id LIMIT :n`,
        3,
        6,
      ],
      [
        'm',
        `SELECT m.session_id AS session_id FROM c m WHERE m.session_id >= 's1' AND ${alive}
         GROUP BY m.session_id ORDER BY session_id LIMIT :n`,
        4,
        4,
      ],
      // To be counted, all messages of a session have to be looked at; but not those of sessions behind the limit.
      [
        'm',
        `SELECT m.session_id AS session_id, COUNT(*) AS n FROM c m WHERE m.session_id >= 's1' AND ${alive}
         GROUP BY m.session_id ORDER BY session_id LIMIT 2`,
        2,
        602,
      ],
    ]
    // The order within a session is made by the first queries that would use it.
    const ordered = () =>
      collections.m.source
        .collection('commons', 'c')
        ?.scanInOrder('seq', 'ascending', { equal: [{ member: 'session_id', value: 's1' }] })
    while (ordered() === undefined);
    for (const [collection, text, rows, documents] of table) {
      const { source, reads } = counted(collections[collection].source)
      const found = query(text, parameters, source).rows
      assert.deepEqual([found.length, reads()], [rows, documents], text)
    }
  })
})

function seqOf(index: number): string {
  return String(index).padStart(4, '0')
}

/** Counts the documents that a query takes from the storage. */
function counted(source: DocumentSource): { readonly source: DocumentSource; reads(): number } {
  let count = 0
  function* each(documents: Iterable<Document>): Iterable<Document> {
    for (const document of documents) {
      count += 1
      yield document
    }
  }
  const wrapped = (view: CollectionView): CollectionView => ({
    get(id) {
      const document = view.get(id)
      if (document !== undefined) count += 1
      return document
    },
    scan: narrowing => each(view.scan(narrowing)),
    scanInOrder(...request) {
      const documents = view.scanInOrder(...request)
      return documents && each(documents)
    },
    count: narrowing => view.count(narrowing),
  })
  return {
    reads: () => count,
    source: {
      collection(...name) {
        const view = source.collection(...name)
        return view && wrapped(view)
      },
    },
  }
}
