import assert from 'node:assert/strict'
import type { DocumentObject, DocumentSource } from '../../src/documents.js'
import { keyOfValue } from '../../src/sql/compare.js'
import { QueryError } from '../../src/sql/index.js'
import type { Pushed } from './generator.js'
import { execute, limits, parametersFrom } from './run.js'

const parameters = parametersFrom({ p: 1, q: 'a' })
const small = { ...limits, maxRows: 5000, maxMilliseconds: 500 }

/** Rows, or the error that says why not. Anything else is thrown. */
export function outcome(text: string, source: DocumentSource): readonly DocumentObject[] | QueryError {
  try {
    return execute(text, { parameters, source, limits: small }).rows
  } catch (error) {
    if (error instanceof QueryError) return error
    throw new Error(`${text} failed: ${String(error)}`, { cause: error })
  }
}

/** @returns How many rows there were. */
export function assertSameAnswer(statement: Pushed, source: DocumentSource, naive: DocumentSource): number {
  const rows = rowsOf(statement.text, source)
  assertRightRows(statement, rows, naive)
  return rows.length
}

/** Rows that are equal in the order may come in any order, and a limit may take any of them. */
export function assertRightRows(
  { text, naive: naiveText = text, unlimited, order }: Pushed,
  rows: readonly DocumentObject[],
  naive: DocumentSource,
): void {
  const expected = rowsOf(naiveText, naive)
  if (order === undefined) {
    assert.deepEqual(rows, expected, text)
    return
  }
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

function rowsOf(text: string, source: DocumentSource): readonly DocumentObject[] {
  const found = outcome(text, source)
  return found instanceof QueryError ? assert.fail(`${text}: ${found.message}`) : found
}
