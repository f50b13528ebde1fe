import { randomUUID } from 'node:crypto'
import { RequestError } from '../errors.js'
import { QueryError } from '../sql/index.js'

/** The body of every answer that is not 200. */
export interface ErrorAnswer {
  readonly message: string
  readonly message_key: null
  readonly type: string
  readonly line: number | null
  readonly column: number | null
  readonly trace_id: string
  readonly error_id: string | null
  readonly query_id: null
  readonly virtual_instance_rrn: null
  readonly virtual_instance_id: null
  readonly internal_errors: null
}

export function errorAnswer(error: unknown): { readonly status: number; readonly body: ErrorAnswer } {
  if (error instanceof QueryError) {
    const { status } = new RequestError(error.type, error.message)
    return { status, body: bodyOf(error.type, error.message, { line: error.line, column: error.column, errorId: error.errorId }) }
  }
  if (error instanceof RequestError) return { status: error.status, body: bodyOf(error.type, error.message) }
  // Fastify's own: a body of another media type, a path that cannot be decoded, …
  const status = Number((error as { statusCode?: unknown } | null)?.statusCode)
  if (status >= 400 && status < 500) return { status, body: bodyOf('INVALIDINPUT', (error as Error).message) }
  return { status: 500, body: bodyOf('INTERNALERROR', 'The server failed; its log tells more.') }
}

function bodyOf(
  type: string,
  message: string,
  { line, column, errorId }: { line?: number | undefined; column?: number | undefined; errorId?: string } = {},
): ErrorAnswer {
  return {
    message,
    message_key: null,
    type,
    line: line ?? null,
    column: column ?? null,
    trace_id: randomUUID(),
    error_id: errorId ?? null,
    query_id: null,
    virtual_instance_rrn: null,
    virtual_instance_id: null,
    internal_errors: null,
  }
}
