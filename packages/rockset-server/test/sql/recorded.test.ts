import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'vitest'
import type { DocumentSource } from '../../src/documents.js'
import type { QueryParameter } from '../../src/sql/index.js'
import { memorySource } from './memory-source.js'
import { errorOf, execute, limits } from './run.js'

interface Exchange {
  readonly label: string
  readonly path: string
  readonly status: number
  readonly requestBody: { readonly sql: { readonly query: string; readonly parameters: QueryParameter[] | null } }
  readonly responseBody: {
    readonly error_id?: string
    readonly message?: string
    readonly line?: number
    readonly column?: number
  }
}

const file = new URL('../fixtures/rockset-http-transcripts.json', import.meta.url)
const transcripts: Readonly<Record<'python' | 'js', readonly Exchange[]>> = JSON.parse(readFileSync(file, 'utf8'))
const exchanges = [...transcripts.python, ...transcripts.js].filter(({ path }) => path.endsWith('/queries'))

/** Every collection but one is there, and empty; replay.test.ts compares what they answer when they are filled. */
const empty = memorySource({ 'commons.c': [] })
const source: DocumentSource = { collection: (_, name) => (name === 'nope' ? undefined : empty.collection('commons', 'c')) }
const run = ({ requestBody: { sql } }: Exchange) => execute(sql.query, { parameters: sql.parameters, source, limits })

describe('recorded queries', () => {
  it('are understood', () => {
    const understood = exchanges.filter(({ status }) => status === 200)
    assert.ok(understood.length > 50)
    for (const exchange of understood) run(exchange)
  })

  it('fail with what was recorded', () => {
    const failing = exchanges.filter(({ status }) => status !== 200)
    assert.ok(failing.length >= 6)
    for (const exchange of failing) {
      const { type, errorId, message, line, column } = errorOf(() => run(exchange))
      const { error_id, ...recorded } = exchange.responseBody
      assert.deepEqual([type, errorId, message], ['QUERY_ERROR', error_id, recorded.message])
      // Of a missing collection we know the place, and the server of the recording did not.
      if (error_id !== 'collection_not_found') assert.deepEqual([line, column], [recorded.line, recorded.column])
    }
  })

  it('decode the parameters of Python', () => {
    const [types] = exchanges.filter(({ label }) => label === 'sql types')
    assert.ok(types !== undefined)
    assert.deepEqual(run(types).rows, [{ s: 'x', i: 1, f: 1.5, b: true }])
  })
})
