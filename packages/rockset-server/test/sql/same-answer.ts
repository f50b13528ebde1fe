import assert from 'node:assert/strict'
import type { DocumentObject, DocumentSource } from '../../src/documents.js'
import { keyOfValue } from '../../src/sql/compare.js'
import { executeQuery, QueryError } from '../../src/sql/index.js'
import type { Generator } from './generator.js'
import { limits, parametersFrom } from './run.js'

const parameters = parametersFrom({ p: 1, q: 'a' })
const small = { ...limits, maxRows: 5000, maxMilliseconds: 500 }

/** Rows, or the error that says why not. Anything else is thrown. */
export function outcome(text: string, source: DocumentSource): readonly DocumentObject[] | QueryError {
  try {
    return executeQuery(text, { parameters, source, limits: small }).rows
  } catch (error) {
    if (error instanceof QueryError) return error
    throw new Error(`${text} failed: ${String(error)}`, { cause: error })
  }
}

/** Rows that are equal in the order may come in any order, and a limit may take any of them. @returns How many rows there were. */
export function assertSameAnswer(
  { text, unlimited, order }: ReturnType<Generator['pushed']>,
  source: DocumentSource,
  naive: DocumentSource,
): number {
  const rows = rowsOf(text, source)
  const expected = rowsOf(text, naive)
  if (order === undefined) assert.deepEqual(rows, expected, text)
  else {
    const keys = (found: readonly DocumentObject[]) =>
      found.map(row => (typeof row[order] === 'object' ? 'o' : keyOfValue(row[order])))
    assert.deepEqual(keys(rows), keys(expected), text)
    const possible = rowsOf(unlimited, naive).map(keyOfValue)
    for (const key of rows.map(keyOfValue)) {
      const place = possible.indexOf(key)
      assert.ok(place >= 0, text)
      possible.splice(place, 1)
    }
  }
  return expected.length
}

function rowsOf(text: string, source: DocumentSource): readonly DocumentObject[] {
  const found = outcome(text, source)
  return found instanceof QueryError ? assert.fail(`${text}: ${found.message}`) : found
}
