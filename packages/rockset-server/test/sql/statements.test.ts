import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import type { Document } from '../../src/documents.js'
import { memorySource } from './memory-source.js'
import { query } from './run.js'

const messages = ['a', 'b', 'c', 'd'].map((id, index) => ({
  type: index % 2 === 0 ? 'human' : 'ai',
  data: { content: id, additional_kwargs: { id }, type: 'x' },
  hist: { a: `append-${index >> 1}`, i: index & 1 },
}))
const sessions: Document[] = [
  { _id: 's1', messages, hist: { epoch: 'e1' }, order: [{ type: 'odd' }] },
  { _id: 's2', messages: [] },
]
const rows: Document[] = ['k', 's9'].flatMap(session =>
  Array.from({ length: 5 }, (_, seq) => ({ _id: `${session}:${seq}`, session_id: session, seq: `0${seq}`, message: { n: seq } })),
)
const collections = { 'ws.coll': sessions, 'ws.m': rows, 'a.b.coll': sessions, 'commons.plain': sessions }

for (const kind of ['indexed', 'naive'] as const) {
  const source = memorySource(collections, kind)
  const run = (text: string, values = {}) => query(text, values, source)

  describe(`statements of Python's class, ${kind}`, () => {
    it('asks whether a session exists', () => {
      const text = '\n SELECT 1\n FROM "ws"."coll" \n WHERE _id=:session_id\n LIMIT 1\n'
      const found = run(text, { session_id: 's1' })
      assert.deepEqual(found, { rows: [{ '?1': 1 }], columns: ['?1'], collections: ['ws.coll'] })
      assert.deepEqual(run(text, { session_id: 'nobody' }).rows, [])
    })

    it('looks for one message', () => {
      const text = `SELECT * FROM UNNEST((SELECT messages FROM "ws"."coll" WHERE _id = :session_id)) AS message
        WHERE message.data.additional_kwargs.id = :message_id LIMIT 1`
      const found = run(text, { session_id: 's1', message_id: 'c' })
      assert.deepEqual(found, { rows: [messages[2]], columns: undefined, collections: ['ws.coll'] })
      assert.deepEqual(run(text, { session_id: 's1', message_id: 3 }).rows, [])
      assert.deepEqual(run(text, { session_id: 'nobody', message_id: 'c' }).rows, [])
    })

    it('reads all messages', () => {
      const text = 'SELECT * FROM UNNEST ((SELECT "messages" FROM "ws"."coll" WHERE _id = :session_id))'
      assert.deepEqual(run(text, { session_id: 's1' }).rows, messages)
      assert.deepEqual(run(text, { session_id: 's2' }).rows, [])
      assert.deepEqual(run(text, { session_id: 'nobody' }).rows, [])
      assert.deepEqual(run(text.replace('"messages"', '"order"'), { session_id: 's1' }).rows, [{ type: 'odd' }])
      assert.deepEqual(run(text.replace('"messages"', '"absent"'), { session_id: 's1' }).rows, [])
    })
  })

  describe(`statements of layout session, ${kind}`, () => {
    const read = `SELECT u.i AS i, u.m AS message
      FROM UNNEST((SELECT h."messages" FROM "ws"."coll" h WHERE h._id = :s) AS m WITH ORDINALITY AS i) AS u `

    it('reads from a position, both ways', () => {
      const forth = `${read} WHERE u.i > :after ORDER BY u.i LIMIT :n`
      const found = run(forth, { s: 's1', after: 1, n: 2 })
      assert.deepEqual(found.rows, [
        { i: 2, message: messages[1] },
        { i: 3, message: messages[2] },
      ])
      assert.deepEqual(found.columns, ['i', 'message'])
      assert.deepEqual(run(forth, { s: 'nobody', after: 0, n: 2 }).rows, [])
      const back = run(`${read} ORDER BY u.i DESC LIMIT :n`, { s: 's1', n: 3 }).rows
      assert.deepEqual(
        back.map(row => row.i),
        [4, 3, 2],
      )
      const before = run(`${read} WHERE u.i < :before ORDER BY u.i DESC LIMIT :n`, { s: 's1', before: 3, n: 9 }).rows
      assert.deepEqual(
        before.map(row => row.i),
        [2, 1],
      )
    })

    it('asks whether an append was stored', () => {
      const text = `SELECT 1 AS found FROM UNNEST((SELECT h."messages" FROM "ws"."coll" h WHERE h._id = :s) AS m) AS u
        WHERE u.m.hist.a = :a LIMIT 1`
      assert.deepEqual(run(text, { s: 's1', a: 'append-1' }).rows, [{ found: 1 }])
      assert.deepEqual(run(text, { s: 's1', a: 'append-2' }).rows, [])
    })

    it('reads members of the document and lists sessions', () => {
      const text = 'SELECT h.hist AS hist, LENGTH(h."messages") AS n FROM "ws"."coll" h WHERE h._id = :s'
      assert.deepEqual(run(text, { s: 's1' }).rows, [{ hist: { epoch: 'e1' }, n: 4 }])
      assert.deepEqual(run(text, { s: 's2' }).rows, [{ n: 0 }])
      const list =
        'SELECT h._id AS session_id, LENGTH(h."messages") AS n FROM "ws"."coll" h WHERE h._id > :after ORDER BY h._id LIMIT :n'
      assert.deepEqual(run(list, { after: '', n: 1 }).rows, [{ session_id: 's1', n: 4 }])
      assert.deepEqual(run(list, { after: 's1', n: 10 }).rows, [{ session_id: 's2', n: 0 }])
    })
  })

  describe(`statements of layout message, ${kind}`, () => {
    const read = 'SELECT m.seq AS seq, m.message AS message FROM "ws"."m" m WHERE m.session_id = :s'

    it('reads both ways, with and without a position', () => {
      const forth = run(`${read} AND m.seq > :after ORDER BY m.seq LIMIT :n`, { s: 's9', after: '01', n: 2 })
      assert.deepEqual(forth.rows, [
        { seq: '02', message: { n: 2 } },
        { seq: '03', message: { n: 3 } },
      ])
      const back = run(`${read} AND m.seq < :before ORDER BY m.seq DESC LIMIT :n`, { s: 's9', before: '03', n: 2 })
      assert.deepEqual(
        back.rows.map(row => row.seq),
        ['02', '01'],
      )
      const last = run(`${read} ORDER BY m.seq DESC LIMIT :n`, { s: 's9', n: 2 })
      assert.deepEqual(
        last.rows.map(row => row.seq),
        ['04', '03'],
      )
    })

    it('counts', () => {
      const text = 'SELECT COUNT(*) AS n, MAX(m.seq) AS last FROM "ws"."m" m WHERE m.session_id = :s'
      assert.deepEqual(run(text, { s: 's9' }).rows, [{ n: 5, last: '04' }])
      assert.deepEqual(run(text, { s: 'nobody' }).rows, [{ n: 0, last: null }])
    })

    it('finds the ids for clear', () => {
      const text = 'SELECT m._id AS id FROM "ws"."m" m WHERE m.session_id = :s AND m.seq <= :last ORDER BY m._id LIMIT 10000'
      assert.deepEqual(run(text, { s: 'k', last: '01' }).rows, [{ id: 'k:0' }, { id: 'k:1' }])
    })

    it('lists sessions', () => {
      const text = `SELECT m.session_id AS session_id, COUNT(*) AS n, MAX(m.seq) AS last FROM "ws"."m" m WHERE m.session_id > :after
        GROUP BY m.session_id ORDER BY session_id LIMIT :n`
      assert.deepEqual(run(text, { after: '', n: 1 }).rows, [{ session_id: 'k', n: 5, last: '04' }])
      assert.deepEqual(run(text, { after: 'k', n: 9 }).rows, [{ session_id: 's9', n: 5, last: '04' }])
      const byLast = text.replace('ORDER BY session_id', 'ORDER BY last DESC, session_id DESC')
      assert.deepEqual(
        run(byLast, { after: '', n: 9 }).rows.map(row => row.session_id),
        ['s9', 'k'],
      )
    })

    it('leaves out what has expired', () => {
      const text =
        'SELECT COUNT(*) AS n FROM "ws"."m" m WHERE m.session_id = :s AND (m.expires_at IS UNDEFINED OR m.expires_at > :now)'
      assert.deepEqual(run(text, { s: 'k', now: 5 }).rows, [{ n: 5 }])
    })
  })
}

describe('names of collections', () => {
  const source = memorySource(collections)

  it('are in commons, or in workspaces that nest', () => {
    assert.deepEqual(query('SELECT _id FROM plain ORDER BY _id', {}, source).rows, [{ _id: 's1' }, { _id: 's2' }])
    const nested = query('SELECT COUNT(*) FROM a.b.coll, "a.b"."coll" x, `commons`.plain', {}, source)
    assert.deepEqual(nested.rows, [{ '?count': 8 }])
    assert.deepEqual(nested.collections, ['a.b.coll', 'commons.plain'])
  })

  it('stand for their rows unless a member has the name', () => {
    const own = memorySource({ 'commons.messages': [{ _id: '1', messages: [1] }], 'commons.c': [{ _id: '1' }] })
    assert.deepEqual(query('SELECT messages FROM messages', {}, own).rows, [{ messages: [1] }])
    assert.deepEqual(query('SELECT messages._id FROM messages', {}, own).rows, [{ _id: '1' }])
    assert.deepEqual(query('SELECT c FROM c', {}, own).rows, [{ c: { _id: '1' } }])
  })
})
