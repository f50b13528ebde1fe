import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import type { Document } from '../../src/documents.js'

import { memorySource } from './memory-source.js'
import { execute, failsWith, limits, query, rowsOf } from './run.js'

const people: Document[] = [
  { _id: '1', name: 'Ada', team: 'x', age: 30, tags: ['a', 'b'] },
  { _id: '2', name: 'Bob', team: 'y', age: 20, tags: [] },
  { _id: '3', name: 'Cy', team: 'x', age: 40 },
  { _id: '4', name: 'Di', team: null, age: '40' },
  { _id: '5', name: 'Ed', age: 20 },
]
const rows = (text: string, values = {}) => rowsOf(text, people, values)
const names = (text: string, values = {}) => rows(text, values).map(row => row.name)

describe('SELECT', () => {
  it('names columns', () => {
    const { columns } = query(`SELECT 1, :p, LENGTH('a'), LENGTH('b'), [1][1], 'x' AS "a b", 2 y`, { p: 1 })
    assert.deepEqual(columns, ['?1', '?2', '?length', '?length_4', '?5', 'a b', 'y'])
  })

  it('takes whole rows, one table of several, and all but some members', () => {
    assert.deepEqual(rows(`SELECT * FROM c WHERE _id = '2'`), [people[1]])
    assert.deepEqual(rows(`SELECT c.*, 1 AS one FROM c WHERE _id = '5'`), [{ ...people[4], one: 1 }])
    assert.deepEqual(rows(`SELECT * EXCEPT (tags, "age") FROM c WHERE _id = '1'`), [{ _id: '1', name: 'Ada', team: 'x' }])
    const both = rows(`SELECT b.* EXCEPT (_id, tags), a.name AS other FROM c a, c b WHERE a._id = '1' AND b._id = '5'`)
    assert.deepEqual(both, [{ name: 'Ed', age: 20, other: 'Ada' }])
  })

  it('DISTINCT', () => {
    assert.deepEqual(rows('SELECT DISTINCT c.team FROM c ORDER BY team'), [{ team: 'x' }, { team: 'y' }, { team: null }, {}])
    assert.deepEqual(rows('SELECT ALL 1 AS one FROM c LIMIT 2'), [{ one: 1 }, { one: 1 }])
  })

  it('ends in semicolons and holds comments', () => {
    assert.deepEqual(rows(`/* all; of */ SELECT -- the 'first'\n name FROM c /* ; */ LIMIT 1 ;; -- end`), [{ name: 'Ada' }])
    assert.deepEqual(rows('select "c".`name`, from c limit all').length, 5)
  })
})

describe('ORDER BY, LIMIT, OFFSET', () => {
  it('orders by type, then value, with nulls as the greatest', () => {
    const values = [{ a: 1 }, [2], [1, 5], 'b', 'a', 2, 1.5, true, false, null]
    const documents: Document[] = [...values.map((v, index) => ({ _id: String(index), v })), { _id: 'none' }]
    const ascending = rowsOf('SELECT v FROM c ORDER BY v', documents).map(row => row.v)
    assert.deepEqual(ascending, [false, true, 1.5, 2, 'a', 'b', [1, 5], [2], { a: 1 }, null, undefined])
    const descending = rowsOf('SELECT v FROM c ORDER BY v DESC LIMIT 3', documents).map(row => row.v)
    assert.deepEqual(descending, [null, undefined, { a: 1 }])
    const last = rowsOf('SELECT v FROM c ORDER BY v DESC NULLS LAST LIMIT 1', documents)
    assert.deepEqual(last, [{ v: { a: 1 } }])
    assert.deepEqual(rowsOf('SELECT v FROM c ORDER BY v NULLS FIRST LIMIT 1', documents), [{ v: null }])
  })

  it('takes aliases, numbers of columns and expressions', () => {
    assert.deepEqual(names('SELECT name FROM c ORDER BY LENGTH(name) DESC, name DESC LIMIT 2'), ['Bob', 'Ada'])
    assert.deepEqual(rows(`SELECT name || '!' AS n FROM c ORDER BY n DESC LIMIT 1`), [{ n: 'Ed!' }])
    assert.deepEqual(names('SELECT age, name FROM c ORDER BY 1, 2 LIMIT 2'), ['Bob', 'Ed'])
    assert.deepEqual(names('SELECT name FROM c ORDER BY _id LIMIT :n + 1 OFFSET :n', { n: 1 }), ['Bob', 'Cy'])
    assert.deepEqual(names('SELECT name FROM c ORDER BY _id OFFSET 4'), ['Ed'])
    assert.deepEqual(names('SELECT name FROM c LIMIT 0'), [])
    failsWith('invalid_query', () => rows('SELECT name FROM c ORDER BY 2'))
    failsWith('evaluation_error', () => rows('SELECT name FROM c LIMIT -1'))
    failsWith('evaluation_error', () => rows('SELECT name FROM c LIMIT :n', { n: 'x' }))
    failsWith('invalid_query', () => rows('SELECT name FROM c LIMIT age'))
  })

  it('keeps memory small with a limit, and the order right', () => {
    const documents = Array.from({ length: 5000 }, (_, index) => ({ _id: String(index), v: (index * 7919) % 5000, w: 1 }))
    const found = rowsOf('SELECT v FROM c ORDER BY w, v LIMIT 3 OFFSET 100', documents).map(row => row.v)
    assert.deepEqual(found, [100, 101, 102])
  })

  it('has a default limit, for the whole statement only', () => {
    const source = memorySource({ 'commons.c': people })
    const run = (text: string) => execute(text, { source, limits, defaultRowLimit: 2 }).rows.length
    assert.equal(run('SELECT * FROM c'), 2)
    assert.equal(run('SELECT * FROM c LIMIT 4'), 4)
    assert.equal(run('SELECT COUNT(*) FROM (SELECT * FROM c)'), 1)
  })
})

describe('GROUP BY', () => {
  it('aggregates', () => {
    const text = `SELECT COUNT(*) AS n, COUNT(team) AS t, COUNT(DISTINCT team) AS d, SUM(age) AS s, MIN(age) AS low, MAX(age) AS high,
      AVG(age) AS mean, ARRAY_AGG(name) AS list, ARRAY_AGG(DISTINCT age) AS ages FROM c`
    assert.deepEqual(rows(text), [
      {
        n: 5,
        t: 3,
        d: 2,
        s: 110,
        low: 20,
        high: '40',
        mean: 27.5,
        list: ['Ada', 'Bob', 'Cy', 'Di', 'Ed'],
        ages: [30, 20, 40, '40'],
      },
    ])
    const nothing = `SELECT COUNT(*) AS n, SUM(age) AS s, MAX(age) AS m, AVG(age) AS a, ARRAY_AGG(age) AS l FROM c WHERE FALSE`
    assert.deepEqual(rows(nothing), [{ n: 0, s: null, m: null, a: null, l: null }])
    assert.deepEqual(
      rowsOf('SELECT SUM(n) AS s FROM c', [
        { _id: '1', n: 2n ** 60n },
        { _id: '2', n: 1 },
      ]),
      [{ s: 2n ** 60n + 1n }],
    )
  })

  it('groups by columns however they are qualified, by aliases and expressions', () => {
    const expected = [{ team: 'x', n: 2 }, { team: 'y', n: 1 }, { team: null, n: 1 }, { n: 1 }]
    for (const key of ['team', 'm.team', '"team"']) {
      assert.deepEqual(rows(`SELECT m.team, COUNT(*) AS n FROM c m GROUP BY ${key} ORDER BY n DESC, team`), expected)
    }
    assert.deepEqual(rows('SELECT LENGTH(name) AS l, COUNT(*) FROM c GROUP BY l ORDER BY 1'), [
      { l: 2, '?count': 3 },
      { l: 3, '?count': 2 },
    ])
    assert.deepEqual(rows('SELECT LENGTH(name) + 1 AS l FROM c GROUP BY LENGTH(c.name) ORDER BY l DESC'), [{ l: 4 }, { l: 3 }])
    assert.deepEqual(rows(`SELECT team FROM c GROUP BY team HAVING COUNT(*) > 1 AND MAX(name) > 'B'`), [{ team: 'x' }])
    assert.deepEqual(rowsOf('SELECT d.o.k AS k FROM c d GROUP BY d.o', [{ _id: '1', o: { k: 5 } }]), [{ k: 5 }])
    assert.deepEqual(rowsOf('SELECT COUNT(*) AS n FROM c GROUP BY x', []), [])
    for (const path of ['o.k[1].m.n', 'd.o.k[1].m.n']) {
      for (const key of [
        'o',
        'd.o',
        'o.k',
        'd.o.k',
        'o.k[1]',
        'd.o.k[1].m',
        'o.x, o.k',
        'o, d.o.k[1]',
        'd.o.k[1].m, o.k[1]',
        path,
      ])
        assert.deepEqual(
          rowsOf(`SELECT ${path} AS v FROM c d GROUP BY ${key}`, [{ _id: '1', o: { k: [{ m: { n: 5 } }] } }]),
          [{ v: 5 }],
          key,
        )
      for (const key of ['o.x', 'o.k[2]', 'o.k[1].n', `${path}.l`])
        failsWith('invalid_query', () => rowsOf(`SELECT ${path} AS v FROM c d GROUP BY ${key}`, []))
    }
    assert.deepEqual(rowsOf('SELECT d.o.k FROM c d GROUP BY d', [{ _id: '1', o: { k: 5 } }]), [{ k: 5 }])
  })

  it('refuses what is neither key nor aggregate', () => {
    failsWith('invalid_query', () => rows('SELECT name FROM c GROUP BY team'), 1, 8)
    failsWith('invalid_query', () => rows('SELECT name, COUNT(*) FROM c'))
    failsWith('invalid_query', () => rows('SELECT * FROM c GROUP BY team'))
    failsWith('invalid_query', () => rows('SELECT COUNT(*) FROM c ORDER BY name'))
    failsWith('invalid_query', () => rows('SELECT 1 FROM c WHERE COUNT(*) > 1'))
    failsWith('invalid_query', () => rows('SELECT SUM(COUNT(*)) FROM c'))
    failsWith('invalid_query', () => rows('SELECT (SELECT m.name) FROM c m GROUP BY m.team'))
    failsWith('invalid_query', () => rows('SELECT SUM(*) FROM c'))
    failsWith('invalid_query', () => rows('SELECT MAX(age, 1) FROM c'))
  })
})

describe('FROM', () => {
  it('joins by comma and CROSS JOIN', () => {
    const text = `SELECT a.name AS a, b.name AS b FROM c a CROSS JOIN c b WHERE a.age = b.age AND a._id < b._id`
    assert.deepEqual(rows(text), [{ a: 'Bob', b: 'Ed' }])
    assert.deepEqual(rows('SELECT COUNT(*) AS n FROM c, c AS d, UNNEST([1, 2])'), [{ n: 50 }])
    failsWith('invalid_query', () => rows('SELECT 1 FROM c, c'), 1, 18)
  })

  it('unnests, also what stands in the row before', () => {
    assert.deepEqual(rows('SELECT p.name, t.tag, t.i FROM c p, UNNEST(p.tags AS tag WITH ORDINALITY AS i) AS t'), [
      { name: 'Ada', tag: 'a', i: 1 },
      { name: 'Ada', tag: 'b', i: 2 },
    ])
    assert.deepEqual(rows('SELECT * FROM UNNEST([1, NULL])'), [{ '?unnest': 1 }, { '?unnest': null }])
    assert.deepEqual(rows(`SELECT * FROM UNNEST([{'a': 1}, 2] WITH ORDINALITY AS o)`), [
      { a: 1, o: 1 },
      { '?unnest': 2, o: 2 },
    ])
    assert.deepEqual(rows('SELECT x FROM UNNEST([1, 2] AS x) WHERE x > 1'), [{ x: 2 }])
    assert.deepEqual(rows('SELECT x FROM UNNEST(NULL AS x)'), [])
    failsWith('evaluation_error', () => rows(`SELECT x FROM UNNEST('text' AS x)`), 1, 15)
    failsWith('invalid_query', () => rows('SELECT * FROM UNNEST(tags)'), 1, 22)
  })

  it('takes queries', () => {
    assert.deepEqual(rows('SELECT s.n FROM (SELECT name AS n, age FROM c WHERE age > 20) AS s WHERE s.age > 30'), [{ n: 'Cy' }])
    assert.deepEqual(rows('SELECT * FROM (SELECT * FROM c ORDER BY _id DESC LIMIT 1)'), [people[4]])
  })
})

describe('queries within expressions', () => {
  it('give one value', () => {
    assert.deepEqual(rows(`SELECT (SELECT name FROM c WHERE _id = '3') AS n`), [{ n: 'Cy' }])
    assert.deepEqual(rows(`SELECT (SELECT name FROM c WHERE _id = 'none') AS n`), [{ n: null }])
    assert.deepEqual(rows(`SELECT (SELECT tags FROM c WHERE _id = '3') AS n`), [{}])
    failsWith('evaluation_error', () => rows('SELECT (SELECT name FROM c)'), 1, 9)
    failsWith('invalid_query', () => rows('SELECT (SELECT name, age FROM c)'))
    failsWith('invalid_query', () => rows('SELECT (SELECT * FROM c)'))
  })

  it('see the row around them', () => {
    const older = `SELECT p.name, (SELECT COUNT(*) FROM c q WHERE q.age > p.age) AS older FROM c p WHERE p.age < 100 ORDER BY p._id LIMIT 3`
    assert.deepEqual(rows(older), [
      { name: 'Ada', older: 1 },
      { name: 'Bob', older: 2 },
      { name: 'Cy', older: 0 },
    ])
    const nested = `SELECT (SELECT (SELECT p.name || '!' FROM c LIMIT 1) FROM c LIMIT 1) AS n FROM c p WHERE p._id = '1'`
    assert.deepEqual(rows(nested), [{ n: 'Ada!' }])
    assert.deepEqual(rows(`SELECT p.name FROM c p WHERE 'b' IN (SELECT t.x FROM UNNEST(p.tags AS x) t)`), [{ name: 'Ada' }])
    const derived = `SELECT (SELECT MAX(d.x) FROM (SELECT p.age AS x) d) AS m FROM c p ORDER BY p._id LIMIT 2`
    assert.deepEqual(rows(derived), [{ m: 30 }, { m: 20 }])
  })

  it('give candidates of IN', () => {
    assert.deepEqual(names(`SELECT name FROM c WHERE age IN (SELECT age FROM c WHERE name = 'Ed')`), ['Bob', 'Ed'])
    assert.deepEqual(names('SELECT name FROM c WHERE age NOT IN (20, 30)'), ['Cy'])
  })

  it('run once if they depend on nothing around', () => {
    const source = memorySource({ 'commons.c': people })
    query('SELECT name FROM c WHERE age = (SELECT MAX(age + 0) FROM c)', {}, source)
    assert.equal(source.calls.filter(call => call === 'scan').length, 2)
  })
})
