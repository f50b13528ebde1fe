// Statements of the fuzz generator as clients send them, to a server whose documents came by its API. A failure names its seed.
import assert from 'node:assert/strict'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Document, DocumentObject, DocumentSource } from '../src/documents.js'
import { parseJson } from '../src/json/parse.js'
import { stringifyJson } from '../src/json/stringify.js'
import { keyOfValue } from '../src/sql/compare.js'
import { Generator } from './sql/generator.js'
import { memorySource } from './sql/memory-source.js'
import { execute, limits, parametersFrom } from './sql/run.js'
import { assertRightRows } from './sql/same-answer.js'
import { startTestServer, type TestServer } from './test-server.js'

const parameters = parametersFrom({ p: 1, q: 'a' })
const collections = 12
const perCollection = 40
const eventTime = '2026-01-01T00:00:00.000000Z'

interface Outcome {
  readonly rows?: readonly DocumentObject[]
  readonly error?: { readonly error_id: string; readonly line: number | null; readonly column: number | null }
}

/** 200, or 400 as a QUERY_ERROR that names the place. */
async function ask(server: TestServer, query: string, title: string): Promise<Outcome> {
  const { status, text, body } = await server.request('POST', '/queries', { sql: { query, parameters } })
  const context = `${title}: ${query.slice(0, 2_000)}\n${text.slice(0, 2_000)}`
  if (status === 200) return { rows: (parseJson(text) as unknown as { results: DocumentObject[] }).results }
  assert.deepEqual([status, body.type], [400, 'QUERY_ERROR'], context)
  // What is too large is so as a whole.
  if (body.error_id !== 'limit_exceeded') {
    const lines = query.split(/\r\n|[\n\r\u2028\u2029]/)
    assert.ok(body.line >= 1 && body.line <= lines.length, context)
    assert.ok(body.column >= 1 && body.column <= (lines[body.line - 1]?.length ?? 0) + 1, context)
  }
  return { error: body }
}

describe('the fuzz generator over HTTP', { timeout: 120_000 }, () => {
  let naive: DocumentSource
  const stored: Document[][] = []
  beforeAll(() => {
    const generators = Array.from({ length: collections }, (_, index) => new Generator(9_000_000 + index))
    for (const [index, generator] of generators.entries()) {
      const documents = index === 0 ? generator.manyDocuments() : generator.documents()
      stored.push(documents.map(document => ({ ...document, _event_time: eventTime })))
    }
    naive = memorySource(Object.fromEntries(stored.map((documents, index) => [`commons.c${index}`, documents])), 'naive')
  })

  async function startFilled() {
    const failures: unknown[] = []
    const logger = { info: () => {}, error: (fields: unknown) => failures.push(fields) }
    const server = await startTestServer({ logger })
    for (const [index, documents] of stored.entries()) {
      const path = await server.createCollection(`c${index}`)
      const { status, body } = await server.request('POST', `${path}/docs`, stringifyJson({ data: documents }))
      expect([status, body.data.filter((entry: { status: string }) => entry.status !== 'ADDED')]).toEqual([200, []])
    }
    return { server, failures }
  }

  /** The generator's statements are about the collection c. */
  const about = (text: string, index: number) =>
    text.replace(/\bFROM (commons\.)?c\b/g, (_, prefix) => `FROM ${prefix ?? ''}c${index}`)

  test('push-down gives what looking at every document gives', async () => {
    const { server, failures } = await startFilled()
    let answered = 0
    for (let index = 0; index < collections; index += 1) {
      for (let count = 0; count < perCollection; count += 1) {
        const seed = 3_000_000 + index * perCollection + count
        const { text, unlimited, order } = new Generator(seed).pushed()
        const statement = { text: about(text, index), unlimited: about(unlimited, index), order }
        const { rows, error } = await ask(server, statement.text, `seed ${seed}`)
        assert.ok(rows, `seed ${seed}: ${statement.text}: ${JSON.stringify(error)}`)
        try {
          assertRightRows(statement, rows, naive)
        } catch (error) {
          throw new Error(`seed ${seed}: ${statement.text} gives other rows`, { cause: error })
        }
        answered += rows.length
      }
    }
    assert.ok(answered > collections * perCollection, String(answered))
    expect(failures).toEqual([])
  })

  test('any statement gives the rows that looking at every document gives, or a QUERY_ERROR with its place', async () => {
    const { server, failures } = await startFilled()
    let compared = 0
    for (let index = 0; index < collections; index += 1) {
      for (let count = 0; count < perCollection; count += 1) {
        const seed = 4_000_000 + index * perCollection + count
        const text = about(new Generator(seed).statement(2), index)
        const title = `seed ${seed}: ${text}`
        const { rows } = await ask(server, text, `seed ${seed}`)
        // Which rows a limit leaves is free, if nothing orders them.
        if (!rows || /\bLIMIT\b/.test(text)) continue
        assert.deepEqual(rows.map(keyOfValue).sort(), rowsOf(text, title).map(keyOfValue).sort(), title)
        compared += 1
      }
    }
    assert.ok(compared > collections * 5, String(compared))
    expect(failures).toEqual([])
  })

  function rowsOf(text: string, title: string): readonly DocumentObject[] {
    try {
      const { rows } = execute(text, { parameters, source: naive, limits })
      return parseJson(stringifyJson(rows)) as unknown as DocumentObject[]
    } catch (error) {
      throw new Error(`${title}: the server gave rows, and looking at every document ${error}`, { cause: error })
    }
  }

  test('mutated statements and garbage are refused with their place, and the server goes on', async () => {
    const { server, failures } = await startFilled()
    let refused = 0
    const check = async (text: string, title: string) => {
      if ((await ask(server, text, title)).error) refused += 1
    }
    for (let seed = 5_000_000; seed < 5_000_400; seed += 1) {
      const generator = new Generator(seed)
      await check(generator.mutated(about(generator.statement(1), 1)), `seed ${seed}`)
    }
    for (let seed = 6_000_000; seed < 6_000_400; seed += 1) await check(garbage(new Generator(seed)), `seed ${seed}`)
    for (const [title, text] of Object.entries(awkward)) await check(text, title)
    assert.ok(refused > 600, String(refused))
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
    expect(failures).toEqual([])
  })
})

/** Characters of any plane, control characters and lone surrogates among them, and words of SQL. */
function garbage(generator: Generator): string {
  const piece = () =>
    generator.one(
      () => String.fromCharCode(generator.below(128)),
      () => String.fromCharCode(generator.below(65_536)),
      () => String.fromCodePoint(generator.below(0x11_0000)),
      () => generator.one('SELECT', 'FROM', 'WHERE', 'UNNEST', 'CAST', 'CASE', 'WITH', 'JOIN', 'DELETE', 'UNION', 'OVER'),
      () => generator.one("'", '"', '`', '--', '/*', '*/', ';', '::', ':p', '\n', '\r\n', '\u2028', '\0', '(', ')', ' '),
    )()
  return Array.from({ length: generator.below(40) }, piece).join(generator.one('', ' '))
}

const awkward = {
  empty: '',
  blank: ' \n\t',
  comment: '-- SELECT 1',
  'a comment without an end': 'SELECT 1 /* ',
  'a string without an end': "SELECT 'a",
  'a statement of 200 kB': `SELECT '${'x'.repeat(200_000)}'`,
  'deep brackets': `SELECT ${'('.repeat(50_000)}1${')'.repeat(50_000)}`,
  'brackets without an end': `SELECT ${'['.repeat(60_000)}`,
  'a chain of operators': `SELECT 1${' + 1'.repeat(30_000)}`,
  'a chain of NOT': `SELECT ${'NOT '.repeat(30_000)}TRUE`,
  'a chain of signs': `SELECT ${'- '.repeat(60_000)}1`,
  'a long path': `SELECT a${'.a'.repeat(60_000)} FROM c1`,
  'many columns': `SELECT ${Array.from({ length: 20_000 }, () => '1').join()}`,
  'many tables': `SELECT 1 FROM ${Array.from({ length: 3_000 }, (_, index) => `c1 t${index}`).join()}`,
  'two statements': 'SELECT 1; SELECT 2',
  'no query': 'DROP TABLE c1',
}
