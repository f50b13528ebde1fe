import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import type { Document } from '../../src/documents.js'
import { memorySource } from './memory-source.js'
import { query } from './run.js'

const documents: Document[] = Array.from({ length: 200 }, (_, index) => ({
  _id: String(index),
  session: `s${index % 10}`,
  seq: index,
  mixed: index % 2 === 0 ? index : [index],
}))

/** What is asked of the collection, each kind once, and how many documents are read. */
function costOf(text: string, values = {}): { kinds: string; documents: number } {
  const source = memorySource({ 'commons.c': documents })
  query(text, values, source)
  const kinds = new Set(source.calls.filter(call => call !== 'document'))
  return { kinds: [...kinds].join(' '), documents: source.calls.filter(call => call === 'document').length }
}

describe('push-down', () => {
  it('gets one document by its id', () => {
    for (const condition of ['_id = :id', ':id = _id', 'm._id = :id AND m.seq > 0', '_id >= :id AND (_id = :id)']) {
      assert.deepEqual(costOf(`SELECT * FROM c m WHERE ${condition}`, { id: '7' }), { kinds: 'get', documents: 0 })
    }
    assert.deepEqual(costOf(`SELECT (SELECT b.seq FROM c b WHERE b._id = a.session) FROM c a WHERE a._id = '1'`).kinds, 'get')
    assert.deepEqual(costOf('SELECT * FROM c WHERE _id = 5'), { kinds: '', documents: 0 })
  })

  it('reads in order no further than the limit', () => {
    const window = costOf('SELECT seq FROM c m WHERE m.session = :s AND m.seq > :after ORDER BY m.seq LIMIT :n OFFSET 1', {
      s: 's1',
      after: 50,
      n: 3,
    })
    assert.deepEqual(window, { kinds: 'scanInOrder', documents: 4 })
    const aliased = costOf('SELECT m.seq AS s FROM c m WHERE m.seq BETWEEN 5 AND 100 ORDER BY s DESC LIMIT 2')
    assert.deepEqual(aliased, { kinds: 'scanInOrder', documents: 2 })
    assert.deepEqual(costOf(`SELECT _id FROM c WHERE session = 's1' ORDER BY _id LIMIT 2`), {
      kinds: 'scanInOrder',
      documents: 2,
    })
  })

  it('makes sure that an order without a bound misses nobody', () => {
    assert.deepEqual(costOf(`SELECT seq FROM c WHERE session = 's1' ORDER BY seq DESC LIMIT 2`), {
      kinds: 'count scanInOrder',
      documents: 2,
    })
    assert.deepEqual(costOf('SELECT seq FROM c ORDER BY mixed DESC LIMIT 2'), { kinds: 'count scan', documents: 200 })
  })

  it('counts and finds the greatest by the index', () => {
    const text = 'SELECT COUNT(*) AS n, MAX(seq) AS last, MIN(seq) AS first FROM c WHERE session = :s'
    assert.deepEqual(costOf(text, { s: 's3' }), { kinds: 'count scanInOrder', documents: 2 })
    assert.deepEqual(costOf(`${text} AND LENGTH(session) = 2`, { s: 's3' }).kinds, 'scan')
    assert.deepEqual(costOf('SELECT COUNT(*) FROM c'), { kinds: 'count', documents: 0 })
    assert.deepEqual(costOf('SELECT COUNT(seq) FROM c').kinds, 'scan')
  })

  it('takes values from the row around, unless they cannot be in an index', () => {
    const source = memorySource({ 'commons.c': documents })
    const text = 'SELECT (SELECT COUNT(*) FROM c b WHERE b.mixed = a.mixed) AS n FROM c a WHERE a._id = :id'
    assert.deepEqual(query(text, { id: '1' }, source).rows, [{ n: 1 }])
    assert.deepEqual(new Set(source.calls), new Set(['get', 'scan', 'document']))
    assert.deepEqual(query(text, { id: '2' }, source).rows, [{ n: 1 }])
    assert.equal(source.calls.at(-1), 'count')
  })

  it('finds the greatest, and groups without a count, also where the WHERE says more than an index', () => {
    const alive = '(m.expires_at IS UNDEFINED OR m.expires_at > :now)'
    assert.deepEqual(costOf(`SELECT MAX(m.seq) AS last FROM c m WHERE m.session = 's3' AND ${alive}`, { now: 1 }), {
      kinds: 'scanInOrder',
      documents: 1,
    })
    const sessions = `SELECT m.session AS s FROM c m WHERE m.session > :after AND ${alive} GROUP BY m.session ORDER BY s LIMIT 3`
    assert.deepEqual(costOf(sessions, { after: 's4', now: 1 }), { kinds: 'scanInOrder', documents: 3 })
    const counted = sessions.replace('AS s FROM', 'AS s, COUNT(*) AS n FROM')
    assert.deepEqual(costOf(counted, { after: 's4', now: 1 }).kinds, 'scanInOrder scan')
  })

  it('gets the document whose array it unnests, and reads that in its order', () => {
    const source = memorySource({
      'commons.c': [...documents, { _id: 'list', seq: 'no number', list: Array.from({ length: 50 }, (_, index) => index * 10) }],
    })
    const run = (text: string) => query(text, { id: 'list' }, source).rows
    const tables = ['c h, UNNEST(h.list AS m WITH ORDINALITY AS i) u WHERE h._id = :id AND']
    tables.push('UNNEST((SELECT h.list FROM c h WHERE h._id = :id) AS m WITH ORDINALITY AS i) u WHERE')
    for (const table of tables) {
      // What would be evaluated beyond the limit cannot be.
      const last = run(`SELECT u.m AS m FROM ${table} u.i < 40 AND 1 / (u.i - 20) <> 0 ORDER BY u.i DESC LIMIT 3`)
      assert.deepEqual(last, [{ m: 380 }, { m: 370 }, { m: 360 }])
      assert.deepEqual(run(`SELECT u.m AS m FROM ${table} 1 / (u.i - 20) <> 0 ORDER BY u.i LIMIT 2`), [{ m: 0 }, { m: 10 }])
      assert.throws(() => run(`SELECT u.m AS m FROM ${table} 1 / (u.i - 20) <> 0 ORDER BY u.i + 0 LIMIT 2`), /Division/)
    }
    assert.deepEqual(new Set(source.calls), new Set(['get']))
  })

  it('narrows the first of several tables by what is surely its own', () => {
    const source = memorySource({
      'commons.c': [
        { _id: '1', list: [{ seq: 5 }] },
        { _id: '2', list: [{}], seq: 5 },
      ],
    })
    const ids = (condition: string) =>
      query(`SELECT m._id AS id FROM c m, UNNEST(m.list) u WHERE ${condition}`, {}, source).rows.map(({ id }) => id)
    assert.deepEqual(ids('seq = 5'), ['1', '2'])
    assert.deepEqual(ids('u.seq = 5'), ['1'])
    assert.equal(source.calls.filter(call => call === 'document').length, 4)
    assert.deepEqual(ids('m.seq = 5'), ['2'])
    assert.deepEqual(ids(`m._id = '1' AND u.seq = 5`), ['1'])
    assert.equal(source.calls.at(-1), 'get')
  })

  it('goes from group to group', () => {
    const text = `SELECT session, COUNT(*) AS n, MAX(seq) AS last FROM c m WHERE m.session > :after
      GROUP BY session ORDER BY session LIMIT 3`
    assert.deepEqual(costOf(text, { after: 's4' }), { kinds: 'scanInOrder count', documents: 6 })
    assert.deepEqual(costOf(text.replace('ORDER BY session', 'ORDER BY last'), { after: 's4' }).kinds, 'scan')
  })

  it('reads nothing where a comparison is never true', () => {
    assert.deepEqual(costOf('SELECT * FROM c WHERE seq > NULL'), { kinds: '', documents: 0 })
    assert.deepEqual(costOf(`SELECT * FROM c WHERE seq > 1 AND seq < 'a'`), { kinds: '', documents: 0 })
  })
})
