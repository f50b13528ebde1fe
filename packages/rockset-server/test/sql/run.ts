import assert from 'node:assert/strict'
import type { Document, DocumentObject, DocumentSource } from '../../src/documents.js'
import {
  executeQuery,
  QueryError,
  type QueryErrorId,
  type QueryOptions,
  type QueryParameter,
  type QueryResult,
} from '../../src/sql/index.js'
import { memorySource } from './memory-source.js'

export const limits = { maxRows: 100_000, maxMilliseconds: 10_000, maxDepth: 100, maxHeapUse: 0.9 }

export interface Found extends QueryResult {
  readonly rows: readonly DocumentObject[]
}

export function execute(text: string, options: Omit<QueryOptions, 'take'>): Found {
  const rows: DocumentObject[] = []
  return { ...executeQuery(text, { ...options, take: row => rows.push(row) }), rows }
}

export function query(
  text: string,
  values: Readonly<Record<string, string | number | boolean>> = {},
  source: DocumentSource = memorySource({}),
): Found {
  return execute(text, { parameters: parametersFrom(values), source, limits })
}

/** As the clients send them. */
export function parametersFrom(values: Readonly<Record<string, string | number | boolean>>): QueryParameter[] {
  return Object.entries(values).map(([name, value]) => {
    if (typeof value === 'boolean') return { name, type: 'bool', value: value ? 'True' : 'False' }
    const type = typeof value === 'string' ? 'string' : Number.isInteger(value) ? 'int' : 'float'
    return { name, type, value: String(value) }
  })
}

/** The rows of a query over the collection `commons.c`. */
export function rowsOf(
  text: string,
  documents: readonly Document[] = [],
  values: Readonly<Record<string, string | number | boolean>> = {},
) {
  return query(text, values, memorySource({ 'commons.c': documents })).rows
}

/** The value of an expression; undefined if it is. */
export function resultOf(expression: string, values: Readonly<Record<string, string | number | boolean>> = {}) {
  const [row] = query(`SELECT ${expression} AS v`, values).rows
  return row?.v
}

export function errorOf(run: () => unknown): QueryError {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof QueryError, String(error))
    return error
  }
  return assert.fail('expected an error')
}

export function failsWith(errorId: QueryErrorId, run: () => unknown, line?: number, column?: number): void {
  const error = errorOf(run)
  assert.equal(error.errorId, errorId, error.message)
  if (line !== undefined) assert.deepEqual([error.line, error.column], [line, column], error.message)
}
