import type { Position } from './ast.js'

/** What went wrong, as `error_id` of the answer. */
export type QueryErrorId =
  | 'syntax_error'
  | 'not_implemented'
  | 'collection_not_found'
  | 'function_not_found'
  | 'missing_parameter'
  | 'invalid_parameter'
  /** It parses and cannot mean anything: an unknown table, a column outside of GROUP BY, a wrong number of arguments. */
  | 'invalid_query'
  /** A value that the statement met cannot be worked with: a division by zero, a failed cast, several rows of a scalar sub-query. */
  | 'evaluation_error'
  | 'limit_exceeded'
  | 'timeout'

export type QueryErrorType = 'QUERY_ERROR' | 'INVALIDINPUT' | 'QUERY_TIMEOUT'

const types: Partial<Record<QueryErrorId, QueryErrorType>> = { invalid_parameter: 'INVALIDINPUT', timeout: 'QUERY_TIMEOUT' }

/** The statement is at fault, not the server. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
  readonly type: QueryErrorType
  readonly errorId: QueryErrorId
  /** From 1; undefined if no place in the text is meant. */
  readonly line: number | undefined
  readonly column: number | undefined

  constructor(errorId: QueryErrorId, message: string, position?: Position) {
    super(message)
    this.errorId = errorId
    this.type = types[errorId] ?? 'QUERY_ERROR'
    this.line = position?.line
    this.column = position?.column
  }
}
