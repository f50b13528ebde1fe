import type { DocumentObject, DocumentSource } from '../documents.js'
import { Budget, type Limits } from './budget.js'
import type { Context } from './environment.js'
import { QueryError } from './errors.js'
import { decodeParameters, type QueryParameter } from './parameters.js'
import { parse } from './parse.js'
import { compileQuery } from './query.js'
import { collectionsOf } from './references.js'

export interface QueryOptions {
  readonly parameters?: readonly QueryParameter[] | null | undefined
  readonly source: DocumentSource
  /** Rows of a statement without a LIMIT. @default all, within the limits */
  readonly defaultRowLimit?: number | undefined
  readonly limits: Limits
  /** Called with each row as soon as it is found. What it throws ends the query. */
  readonly take: (row: DocumentObject) => void
}

export interface QueryResult {
  /** Undefined for `SELECT *`. */
  readonly columns: readonly string[] | undefined
  /** `workspace.name`, in the order of the text. */
  readonly collections: readonly string[]
}

/** @throws {QueryError} for whatever the statement, its parameters or the limits are the reason of, also after some rows. */
export function executeQuery(text: string, options: QueryOptions): QueryResult {
  try {
    return execute(text, options)
  } catch (error) {
    // The stack and the length of a string are bounded by the engine, and runs of long strings by the storage.
    if (error instanceof RangeError) throw new QueryError('limit_exceeded', 'The query or its values are too large.')
    throw error
  }
}

function execute(text: string, { parameters, source, defaultRowLimit, limits, take }: QueryOptions): QueryResult {
  const budget = new Budget(limits)
  const statement = parse(text, limits.maxDepth)
  const context: Context = {
    parameters: decodeParameters(parameters),
    source,
    budget,
    compileQuery: (query, outer) => compileQuery(query, outer, context, true),
  }
  const { columns, rows } = compileQuery(statement, undefined, context, false)
  const wanted = statement.limit === null ? (defaultRowLimit ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  let count = 0
  if (wanted > 0) {
    for (const row of rows(undefined)) {
      count += 1
      budget.checkRows(count)
      take(row)
      if (count >= wanted) break
    }
  }
  return { columns, collections: collectionsOf(statement) }
}
