import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import { collectionsOf, parametersOf, parse, type QueryParameter } from '../../src/sql/index.js'
import { memorySource } from './memory-source.js'
import { errorOf, execute, failsWith, limits, query, resultOf, rowsOf } from './run.js'

const source = memorySource({ 'commons.c': [{ _id: '1', list: [1, 2], text: 'abc' }] })

describe('syntax errors', () => {
  const table: readonly [string, number, number, string][] = [
    ['SELEC 1', 1, 1, `Unexpected token 'SELEC'`],
    ['', 1, 1, 'Unexpected end of the statement'],
    ['SELECT', 1, 7, 'Unexpected end of the statement'],
    ['SELECT order FROM c', 1, 8, `Unexpected token 'order'`],
    ['SELECT a\nFROM c\n  WHERE a = = 1', 3, 13, `Unexpected token '='`],
    ['SELECT a b c', 1, 12, `Unexpected token 'c'`],
    [`SELECT 'abc`, 1, 8, `Unexpected token '''`],
    ['SELECT "abc', 1, 8, `Unexpected token '"'`],
    ['SELECT 1 /* open', 1, 11, `Unexpected token '*'`],
    [`SELECT 1 /* ${'('.repeat(200)}`, 1, 11, `Unexpected token '*'`],
    ['SELECT (1', 1, 10, 'Unexpected end of the statement'],
    ['SELECT 1)', 1, 9, `Unexpected token ')'`],
    ['SELECT a = b = c', 1, 14, `Unexpected token '='`],
    ['SELECT 1x', 1, 8, `Unexpected token '1x'`],
    ['SELECT 1; SELECT 2', 1, 11, `Unexpected token 'SELECT'`],
    ['SELECT * FROM c WHERE', 1, 22, 'Unexpected end of the statement'],
    ['SELECT \u{1f600}', 1, 8, `Unexpected token '\u{1f600}'`],
    ['SELECT a FROM c LIMIT 1 WHERE a = 1', 1, 25, `Unexpected token 'WHERE'`],
    ['SELECT *.a FROM c', 1, 9, `Unexpected token '.a'`],
  ]

  it('say what is wrong and where', () => {
    for (const [text, line, column, message] of table) {
      const error = errorOf(() => query(text, {}, source))
      assert.deepEqual([error.errorId, error.line, error.column, error.message], ['syntax_error', line, column, message], text)
      assert.equal(error.type, 'QUERY_ERROR')
    }
  })

  it('of numbers', () => {
    failsWith('syntax_error', () => resultOf('1e999'), 1, 8)
    failsWith('syntax_error', () => resultOf('9'.repeat(401)), 1, 8)
  })
})

describe('what is left out', () => {
  it('says so, with its place', () => {
    const table: readonly [string, number][] = [
      ['WITH a AS (SELECT 1) SELECT * FROM a', 1],
      ['DELETE FROM c', 1],
      ['INSERT INTO c SELECT 1', 1],
      ['DESCRIBE c', 1],
      ['SELECT 1 UNION SELECT 2', 10],
      ['SELECT * FROM c EXCEPT SELECT 1', 17],
      ['SELECT * FROM c JOIN c d ON c._id = d._id', 17],
      ['SELECT * FROM c LEFT OUTER JOIN c d ON TRUE', 17],
      ['SELECT CASE WHEN TRUE THEN 1 END', 8],
      ['SELECT EXISTS (SELECT 1)', 8],
      ['SELECT COUNT(*) OVER (ORDER BY a) FROM c', 17],
      ['SELECT COUNT(*) FILTER (WHERE a) FROM c', 17],
      ['SELECT TRY_CAST(1 AS int)', 8],
      [`SELECT DATE '2024-01-01'`, 8],
      [`SELECT INTERVAL 1 DAY`, 8],
      ['SELECT CURRENT_TIMESTAMP()', 8],
      ['SELECT a FROM c GROUP BY ROLLUP (a)', 26],
      ['SELECT 1 IS DISTINCT FROM 2', 10],
      ['SELECT 1 = ANY (SELECT 1)', 12],
      ['SELECT ?', 8],
      ['SELECT * FROM c AS d (a, b)', 22],
      ['SELECT * FROM c TABLESAMPLE BERNOULLI (5)', 17],
      ['SELECT * FROM c HINT(a=1)', 17],
      ['SELECT * FROM LATERAL (SELECT 1)', 15],
      ['SELECT a FROM c GROUP BY 1', 26],
    ]
    for (const [text, column] of table) {
      const error = errorOf(() => query(text, {}, source))
      assert.deepEqual([error.errorId, error.line, error.column], ['not_implemented', 1, column], `${text}: ${error.message}`)
    }
  })
})

describe('what is not there', () => {
  it('collections, functions, tables and columns, also without rows', () => {
    const error = errorOf(() => query('SELECT *\nFROM prod.nope', {}, source))
    assert.deepEqual([error.message, error.line, error.column], ['Collection "prod.nope" not found.', 2, 6])
    failsWith('collection_not_found', () => query('SELECT * FROM prod.c', {}, source))
    failsWith('function_not_found', () => query('SELECT 1 FROM c WHERE FALSE AND NOW() = 1', {}, source), 1, 33)
    failsWith('invalid_query', () => query('SELECT x.* FROM c', {}, source), 1, 8)
    failsWith('invalid_query', () => query('SELECT x', {}, source), 1, 8)
    failsWith('invalid_query', () => query('SELECT *', {}, source))
    failsWith('invalid_query', () => query(`SELECT LENGTH('a', 'b')`, {}, source))
    failsWith('missing_parameter', () => query('SELECT 1 FROM c WHERE FALSE AND a = :nope', {}, source), 1, 37)
  })
})

describe('parameters', () => {
  const decode = (type: string, value: unknown) => {
    const parameters = [{ name: 'p', type, value }] as QueryParameter[]
    return execute('SELECT :p AS p, :"p" AS q', { parameters, source, limits }).rows[0]?.p
  }

  it('are decoded by their type', () => {
    assert.equal(decode('int', '-5'), -5)
    assert.equal(decode('int', '1152921504606846977'), 2n ** 60n + 1n)
    assert.equal(decode('int', '9'.repeat(40)), BigInt('9'.repeat(40)))
    assert.equal(decode('float', '1e3'), 1000)
    assert.equal(decode('bool', 'False'), false)
    assert.equal(decode('string', ''), '')
    assert.equal(decode('string', "'; DROP"), "'; DROP")
    assert.equal(decode('datetime', '2024-01-01T00:00:00'), '2024-01-01T00:00:00')
    assert.equal(decode('date', '2024-01-01'), '2024-01-01')
    assert.equal(decode('INT', 7), 7)
    assert.equal(execute('SELECT 1 AS one', { parameters: null, source, limits }).rows.length, 1)
  })

  it('are refused when they do not fit', () => {
    const wrong: readonly [string, unknown][] = [
      ['int', '1.5'],
      ['int', ''],
      ['int', '0x10'],
      ['int', '9'.repeat(500)],
      ['float', 'nan'],
      ['float', 'inf'],
      ['float', '1e999'],
      ['bool', '1'],
      ['array', '[]'],
      ['constructor', 'x'],
      ['string', null],
      ['string', { a: 1 }],
    ]
    for (const [type, value] of wrong) {
      const error = errorOf(() => decode(type, value))
      assert.deepEqual([error.type, error.errorId], ['INVALIDINPUT', 'invalid_parameter'], `${type} ${String(value)}`)
    }
    const twice = { name: 'p', type: 'int', value: '1' }
    failsWith('invalid_parameter', () => execute('SELECT 1', { parameters: [twice, twice], source, limits }))
  })
})

describe('what a statement names', () => {
  it('is found without running it', () => {
    const statement = parse('SELECT :a, (SELECT 1 FROM x.y WHERE b = :"b b") FROM c, UNNEST([:a] AS p) WHERE :c LIMIT :d')
    assert.deepEqual(parametersOf(statement), ['a', 'b b', 'c', 'd'])
    assert.deepEqual(collectionsOf(statement), ['x.y', 'commons.c'])
  })
})

describe('limits', () => {
  const run = (text: string, own: Partial<typeof limits>, documents = 1) => {
    const many = memorySource({
      'commons.c': Array.from({ length: documents }, (_, index) => ({ _id: String(index), t: 'a'.repeat(20_000) })),
    })
    return execute(text, { source: many, limits: { ...limits, ...own } })
  }

  it('of nesting, whatever nests, and at any length', () => {
    const nests: readonly ((depth: number) => string)[] = [
      depth => `SELECT ${'('.repeat(depth)}1${')'.repeat(depth)}`,
      depth => `SELECT ${'['.repeat(depth)}${']'.repeat(depth)}`,
      depth => `SELECT ${"{'a':".repeat(depth)}1${'}'.repeat(depth)}`,
      depth => `SELECT ${'LENGTH('.repeat(depth)}1${')'.repeat(depth)}`,
      depth => `SELECT ${'(SELECT '.repeat(depth)}1${')'.repeat(depth)}`,
      depth => `SELECT ${'- ('.repeat(depth)}1${')'.repeat(depth)}`,
      depth => `SELECT ${'NOT ('.repeat(depth)}TRUE${')'.repeat(depth)}`,
      depth => `SELECT 1 FROM ${'(SELECT 1 FROM '.repeat(depth)}c${') x'.repeat(depth)}`,
      depth => `SELECT 1 FROM ${'UNNEST((SELECT [1] FROM '.repeat((depth - 1) / 2)}c${'))'.repeat((depth - 1) / 2)}`,
      depth => `SELECT ${'CAST('.repeat(depth)}1${' AS int)'.repeat(depth)}`,
      depth => `SELECT 1${' IN (1'.repeat(depth)}${')'.repeat(depth)}`,
      depth => `SELECT c${'[c'.repeat(depth)}${']'.repeat(depth)} FROM c`,
    ]
    for (const nest of nests) {
      run(nest(limits.maxDepth), {})
      for (const depth of [102, 1000, 20_000]) failsWith('limit_exceeded', () => run(nest(depth), { maxDepth: 1_000_000 }))
    }
    failsWith('limit_exceeded', () => run('SELECT ((((1))))', { maxDepth: 3 }), 1, 11)
    assert.equal(run(`SELECT '((((' AS "((((", -- ((((\n1 /* (((( */`, { maxDepth: 0 }).rows.length, 1)
  })

  it('do not hold for long flat lists', () => {
    const flat = [
      `SELECT ${'NOT '.repeat(15_000)}TRUE`,
      `SELECT ${'- '.repeat(25_000)}1`,
      `SELECT 1${' + 1'.repeat(25_000)}`,
      `SELECT TRUE${' AND TRUE'.repeat(10_000)}`,
      `SELECT TRUE${' OR TRUE'.repeat(10_000)}`,
      `SELECT c${'.c'.repeat(25_000)} FROM c`,
      `SELECT 1${'::int'.repeat(15_000)}`,
      `SELECT [${'1,'.repeat(25_000)}1]`,
      `SELECT 1${' || 1'.repeat(15_000)}`,
    ]
    for (const text of flat) assert.equal(run(text, {}).rows.length, 1)
    failsWith('limit_exceeded', () => run(`SELECT '${'a'.repeat(131_072)}'`, {}))
  })

  it('of rows', () => {
    failsWith('limit_exceeded', () => run('SELECT * FROM c', { maxRows: 9 }, 10))
    failsWith('limit_exceeded', () => run('SELECT t FROM c ORDER BY LENGTH(t)', { maxRows: 9 }, 10))
    failsWith('limit_exceeded', () => run('SELECT ARRAY_AGG(_id) FROM c', { maxRows: 9 }, 10))
    failsWith('limit_exceeded', () => run('SELECT _id FROM c GROUP BY _id LIMIT 1', { maxRows: 9 }, 10))
    failsWith('limit_exceeded', () => run('SELECT DISTINCT _id FROM c', { maxRows: 9 }, 10))
    assert.equal(run('SELECT t FROM c ORDER BY t, _id LIMIT 9', { maxRows: 2000 }, 5000).rows.length, 9)
    assert.equal(run('SELECT * FROM c', { maxRows: 10 }, 10).rows.length, 10)
  })

  const timesOut = (text: string, maxMilliseconds: number) => {
    const start = performance.now()
    const error = errorOf(() => run(text, { maxMilliseconds, maxRows: 1_000_000 }, 200))
    assert.deepEqual([error.type, error.errorId], ['QUERY_TIMEOUT', 'timeout'])
    assert.ok(performance.now() - start < 4_000, text.slice(0, 100))
  }

  it('of time', () => {
    timesOut('SELECT COUNT(*) FROM c a, c b, c d, c e', 100)
    timesOut(`SELECT 1 FROM c WHERE t LIKE '%${'a'.repeat(10_000)}b%' AND FALSE`, 100)
    timesOut(`SELECT 1 FROM c WHERE t LIKE '${'%a_'.repeat(5000)}%b' OR t LIKE '${'%_'.repeat(9000)}%b%aab'`, 100)
  })

  it('of time, also without rows', () => {
    const nested = `${'('.repeat(95)}1${`${' + 1'.repeat(300)})`.repeat(95)}`
    failsWith('timeout', () => run(`SELECT ${nested} FROM c GROUP BY t`, { maxMilliseconds: 20 }, 0))
    const start = performance.now()
    for (const key of ['t', `t${'.b'.repeat(20_000)}`])
      failsWith('invalid_query', () => run(`SELECT a${'.b'.repeat(30_000)} FROM c GROUP BY ${key}`, {}))
    assert.ok(performance.now() - start < 8_000)
  })

  it('of time, also within a row', () => {
    const doubled = (value: string, times: number) => {
      let text = `SELECT ${value} AS x FROM c`
      for (let index = 0; index < times; index += 1) text = `SELECT x || x AS x FROM (${text}) r`
      return `(${text}) r`
    }
    // Long enough for the parser, and not for what is computed.
    timesOut(`SELECT ${'LENGTH(x) + '.repeat(300)}0 FROM ${doubled('t', 9)}`, 500)
    timesOut(`SELECT ${'UPPER(x) IN (x) OR '.repeat(300)}TRUE FROM ${doubled('t', 9)}`, 500)
    timesOut(`SELECT ${`x <> x || 'b' AND `.repeat(4_000)}TRUE FROM ${doubled('t', 9)}`, 500)
    timesOut(`SELECT LENGTH(x${' || []'.repeat(4_000)}) FROM ${doubled('[t]', 19)}`, 500)
  })

  it('of memory', () => {
    failsWith('limit_exceeded', () => run('SELECT COUNT(*) FROM c a, c b', { maxHeapUse: 0 }, 100))
    assert.equal(run('SELECT COUNT(*) FROM c a, c b', {}, 100).rows.length, 1)
  })

  it('of values that grow by doubling', () => {
    const doubled = (body: string) => {
      let text = 'SELECT t AS x FROM c'
      for (let index = 0; index < 40; index += 1) text = `SELECT ${body} AS x FROM (${text}) r`
      return text
    }
    for (const body of ['x || x', '[x, x]', `{'a': x, 'b': x}`, '[r, r]']) {
      failsWith('limit_exceeded', () => run(doubled(body), { maxRows: 1_000_000 }))
    }
    failsWith('limit_exceeded', () => run(doubled('x || x').replace('t AS x', '[1] AS x'), { maxRows: 1_000_000 }))
    let rows = 'SELECT _id FROM c'
    for (let index = 0; index < 40; index += 1) rows = `SELECT r AS a, r AS b FROM (${rows}) r`
    failsWith('limit_exceeded', () => run(rows, {}))
    let unnested = 'SELECT _id AS x FROM c'
    for (let index = 0; index < 30; index += 1)
      unnested = `SELECT u AS x, 1 AS o FROM (SELECT u AS a, u AS b FROM UNNEST([(SELECT x FROM (${unnested}) q)] AS e) u) u`
    failsWith('limit_exceeded', () => run(unnested, {}))
  })

  it('do not stand in the way of deep values', () => {
    let value: unknown = 1
    for (let index = 0; index < 1000; index += 1) value = { a: [value] }
    const documents = [{ _id: '1', v: value as never }]
    assert.equal(rowsOf('SELECT DISTINCT v FROM c WHERE v = v ORDER BY v', documents).length, 1)
  })
})
