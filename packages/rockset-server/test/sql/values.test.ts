import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import type { Document } from '../../src/documents.js'
import { compareInOrder, isEqual, keyOfValue } from '../../src/sql/compare.js'
import { failsWith, query, resultOf, rowsOf } from './run.js'

describe('comparison', () => {
  it('is strict about types: other types give null, and no match', () => {
    assert.equal(resultOf(`10 = '10'`), null)
    assert.equal(resultOf('1 = TRUE'), null)
    assert.equal(resultOf('[1] = 1'), null)
    assert.equal(resultOf(`{'a': 1} < {'a': 2}`), null)
    const documents = [{ _id: '1', x: 10 }, { _id: '2', x: '10' }, { _id: '3', x: null }, { _id: '4' }]
    assert.deepEqual(rowsOf('SELECT _id FROM c WHERE x = 10', documents), [{ _id: '1' }])
    assert.deepEqual(rowsOf('SELECT _id FROM c WHERE x <> 10', documents), [])
    assert.deepEqual(rowsOf('SELECT _id FROM c WHERE NOT x = 10', documents), [])
    assert.deepEqual(rowsOf(`SELECT _id FROM c WHERE x > ''`, documents), [{ _id: '2' }])
  })

  it('of arrays and objects goes all the way down', () => {
    assert.equal(resultOf(`{'a': [1, {'b': null}], 'c': 2} = {'c': 2, 'a': [1, {'b': null}]}`), true)
    assert.equal(resultOf(`{'a': 1} = {'a': '1'}`), false)
    assert.equal(resultOf(`{'a': 1} <> {'b': 1}`), true)
    assert.equal(resultOf('[1, 2] < [1, 3]'), true)
    assert.equal(resultOf('[1, 2] < [1]'), false)
  })

  it('of integers is exact beyond 2^53', () => {
    assert.equal(resultOf('1152921504606846977 = 1152921504606846976'), false)
    assert.equal(resultOf('1152921504606846977 > 1152921504606846976.0'), true)
    assert.equal(resultOf('9007199254740993 IN (9007199254740992, 9007199254740993)'), true)
    const documents = [
      { _id: 'a', n: 2n ** 60n + 1n },
      { _id: 'b', n: 2 ** 60 },
      { _id: 'c', n: 3 },
    ]
    const found = rowsOf('SELECT _id FROM c WHERE n > 5 ORDER BY n DESC', documents)
    assert.deepEqual(found, [{ _id: 'a' }, { _id: 'b' }])
    assert.equal(keyOfValue(2n ** 60n), keyOfValue(2 ** 60))
    assert.equal(keyOfValue(-0), keyOfValue(0))
  })

  it('of text is by UTF-16 unit', () => {
    assert.equal(resultOf(`'a' < 'ab' AND 'Z' < 'a' AND '' < 'a'`), true)
    assert.equal(resultOf(`'\u{1f600}' < '\uffff'`), true)
    assert.equal(resultOf(`'\u0065\u0301' = '\u00e9'`), false)
  })

  it('knows own members only', () => {
    assert.equal(isEqual({ a: 1 }, JSON.parse('{"__proto__": 1}')), false)
    assert.equal(compareInOrder({ a: 1 }, { b: 2 }), 0)
  })
})

describe('three values', () => {
  it('AND, OR and NOT', () => {
    const table: readonly [string, unknown][] = [
      ['TRUE AND NULL', null],
      ['FALSE AND NULL', false],
      ['NULL AND FALSE', false],
      ['TRUE OR NULL', true],
      ['NULL OR TRUE', true],
      ['FALSE OR NULL', null],
      ['NOT NULL', null],
      ['NOT NOT 5', null],
      ['NOT NOT TRUE', true],
      ['5 AND TRUE', null],
      ['UNDEFINED AND TRUE', null],
      ['NULL = NULL', null],
      ['1 IN (2, NULL)', null],
      ['1 IN (1, NULL)', true],
      ['1 NOT IN (2, 3)', true],
      ['2 BETWEEN 1 AND 3 AND TRUE', true],
      ['NULL BETWEEN 1 AND 2', null],
      ['1 BETWEEN 2 AND NULL', false],
      ['1 NOT BETWEEN 2 AND 3', true],
    ]
    for (const [expression, expected] of table) assert.equal(resultOf(expression), expected, expression)
  })

  it('null is not what is missing', () => {
    const documents: Document[] = [{ _id: '1', x: null }, { _id: '2' }, { _id: '3', x: { y: 1 } }]
    const ids = (condition: string) => rowsOf(`SELECT _id FROM c WHERE ${condition}`, documents).map(row => row._id)
    assert.deepEqual(ids('x IS NULL'), ['1'])
    assert.deepEqual(ids('x IS UNDEFINED'), ['2'])
    assert.deepEqual(ids('x IS NOT UNDEFINED'), ['1', '3'])
    assert.deepEqual(ids('x.y IS UNDEFINED'), ['1', '2'])
    assert.deepEqual(ids('x = NULL'), [])
    assert.deepEqual(ids('x IS NULL OR x IS UNDEFINED'), ['1', '2'])
    assert.deepEqual(rowsOf('SELECT x, _id FROM c ORDER BY _id', documents), [
      { x: null, _id: '1' },
      { _id: '2' },
      { x: { y: 1 }, _id: '3' },
    ])
  })
})

describe('paths', () => {
  it('count from 1 and go by name', () => {
    assert.equal(resultOf(`['a', 'b'][1]`), 'a')
    assert.equal(resultOf(`['a', 'b'][0]`), undefined)
    assert.equal(resultOf(`['a', 'b'][3]`), undefined)
    assert.equal(resultOf(`['a', 'b'][-1]`), undefined)
    assert.equal(resultOf(`{'a b': {'order': 7}}['a b'].order`), 7)
    assert.equal(resultOf(`'text'.length`), undefined)
    assert.deepEqual(rowsOf('SELECT d.data.type, `d`."a ""b" AS q FROM c d', [{ _id: '1', data: { type: 't' }, 'a "b': 2 }]), [
      { type: 't', q: 2 },
    ])
  })

  it('treat members with names of Object.prototype like any other', () => {
    const hostile: Document = JSON.parse(
      '{"_id": "1", "__proto__": {"x": 1}, "constructor": 2, "nested": {"__proto__": 3, "toString": 4}}',
    )
    const [row] = rowsOf('SELECT c.__proto__ AS p, c.constructor AS k, c.nested.toString AS t, c.hasOwnProperty AS h FROM c', [
      hostile,
    ])
    assert.deepEqual(row, { p: { x: 1 }, k: 2, t: 4 })
    const [whole] = rowsOf('SELECT * EXCEPT (_id) FROM c', [hostile])
    assert.deepEqual(Object.keys(whole ?? {}), ['__proto__', 'constructor', 'nested'])
    assert.equal(JSON.stringify(rowsOf('SELECT c.__proto__ FROM c', [hostile])), '[{"__proto__":{"x":1}}]')
    const [built] = rowsOf(`SELECT {'__proto__': 1}.__proto__ AS own, {'a': 1}.__proto__ IS UNDEFINED AS none`)
    assert.deepEqual(built, { own: 1, none: true })
    const documents: Document[] = [{ _id: '1' }, JSON.parse('{"_id": "2", "toString": "x"}')]
    const grouped = rowsOf('SELECT "toString", COUNT(*) AS n FROM c GROUP BY "toString"', documents)
    assert.equal(JSON.stringify(grouped), '[{"n":1},{"toString":"x","n":1}]')
    const unnested = rowsOf('SELECT * FROM c, UNNEST(c.list AS "__proto__" WITH ORDINALITY AS "constructor") u', [
      { _id: '1', list: [{ a: 1 }] },
    ])
    assert.deepEqual(Object.keys(unnested[0] ?? {}), ['_id', 'list', '__proto__', 'constructor'])
    assert.equal(query('SELECT :__proto__ AS p', JSON.parse('{"__proto__": "v"}')).rows[0]?.p, 'v')
    failsWith('missing_parameter', () => query('SELECT :constructor'))
    failsWith('function_not_found', () => query('SELECT constructor(1)'))
    failsWith('not_implemented', () => query('SELECT CAST(1 AS constructor)'))
  })
})

describe('arithmetic and text', () => {
  it('calculates exactly while it can', () => {
    const table: readonly [string, unknown][] = [
      ['1 + 2 * 3 - -4', 11],
      ['(1 + 2) * 3', 9],
      ['7 / 2', 3.5],
      ['8 / 2', 4],
      ['7 % 4', 3],
      ['-7 % 4', -3],
      ['9007199254740991 + 2', 9007199254740993n],
      ['9007199254740993 - 2', 9007199254740991],
      ['-9223372036854775808', -9223372036854775808n],
      ['9223372036854775807 * 2', 2 ** 64],
      [`'a' + 1`, null],
      ['NULL + 1', null],
      [`+'a'`, null],
      [`'a' || 'b' || 'c'`, 'abc'],
      ['[1] || [2]', [1, 2]],
      [`'a' || 1`, null],
      ['- - 5', 5],
      ['.5e1 + 1.', 6],
      [`-('a' IS NULL)`, null],
    ]
    for (const [expression, expected] of table) assert.deepEqual(resultOf(expression), expected, expression)
    failsWith('evaluation_error', () => resultOf('1 / 0'), 1, 10)
    failsWith('evaluation_error', () => resultOf('1e308 * 10'))
  })

  it('casts', () => {
    const table: readonly [string, unknown][] = [
      [`'12'::int + 1`, 13],
      [`'1152921504606846977'::int`, 1152921504606846977n],
      ['CAST(1.9 AS int)', 1],
      [`' 1.5 '::float`, 1.5],
      ['1::string', '1'],
      ['TRUE::varchar', 'true'],
      [`'True'::bool`, true],
      ['NULL::int', null],
      ['UNDEFINED::int', undefined],
      [`'1'::int::string::int`, 1],
    ]
    for (const [expression, expected] of table) assert.deepEqual(resultOf(expression), expected, expression)
    failsWith('evaluation_error', () => resultOf(`'x'::int`), 1, 11)
    failsWith('evaluation_error', () => resultOf('[1]::string'))
    failsWith('not_implemented', () => resultOf(`'2024-01-01'::date`), 1, 20)
  })

  it('has functions', () => {
    const table: readonly [string, unknown][] = [
      [`LENGTH('a\u{1f600}b')`, 3],
      ['LENGTH([1, 2])', 2],
      [`length({'a': 1})`, 1],
      ['LENGTH(NULL)', null],
      ['LENGTH(5)', null],
      [`LOWER('ÄB') || UPPER('c')`, 'äbC'],
      ['COALESCE(NULL, UNDEFINED, 0, 1)', 0],
      ['COALESCE(NULL)', null],
      ['TYPEOF(1.5) || TYPEOF(1) || TYPEOF(UNDEFINED) || TYPEOF(NULL)', 'floatintundefinednull'],
      [`TYPEOF([]) || TYPEOF({}) || TYPEOF('') || TYPEOF(TRUE)`, 'arrayobjectstringbool'],
    ]
    for (const [expression, expected] of table) assert.deepEqual(resultOf(expression), expected, expression)
  })

  it('has LIKE', () => {
    const table: readonly [string, unknown][] = [
      [`'hello' LIKE 'h%o'`, true],
      [`'hello' LIKE 'H%'`, false],
      [`'hello' LIKE '_____'`, true],
      [`'a\u{1f600}b' LIKE 'a_b'`, true],
      [`'' LIKE '%%'`, true],
      [`'' LIKE '_'`, false],
      [`'50%' LIKE '50!%' ESCAPE '!'`, true],
      [`'500' LIKE '50!%' ESCAPE '!'`, false],
      [`'a.c' LIKE 'abc'`, false],
      [`'a\nb' LIKE 'a%b'`, true],
      [`'x' NOT LIKE 'y%'`, true],
      [`1 LIKE '1'`, null],
      [`'mississippi' LIKE '%iss%ip%i'`, true],
      [`'mississippi' LIKE '%iss%ips%'`, false],
    ]
    for (const [expression, expected] of table) assert.equal(resultOf(expression), expected, expression)
    failsWith('evaluation_error', () => resultOf(`'a' LIKE 'a!' ESCAPE '!'`))
    failsWith('evaluation_error', () => resultOf(`'a' LIKE 'a' ESCAPE '!!'`))
  })
})
