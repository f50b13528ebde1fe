import { type HistoryError, isArgumentError, isHistoryError } from '@hist/core'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

export function respondToError(error: Error, context: Context): Response {
  // The client has gone: this is what ended the read, and nobody gets the response.
  if (context.req.raw.signal.aborted) return context.body(null, 408)
  const status = statusOf(error)
  if (status >= 500) console.error(error)
  if (status === 503) context.header('Retry-After', '1')
  // A code instead of the text, which names hosts and tables. The key repeats the turn.
  if (isHistoryError(error)) return context.json({ error: error.code, key: error.appendId }, status)
  return context.json({ error: status === 500 ? 'UNKNOWN' : error.message }, status)
}

function statusOf(error: Error): ContentfulStatusCode {
  if (isHistoryError(error)) return historyStatusOf(error)
  if (error instanceof HTTPException) return error.status
  // The library's word on a session id, a cursor, a limit or a key; the parser's on the body.
  return error instanceof SyntaxError || isArgumentError(error) ? 400 : 500
}

function historyStatusOf({ code, retryable }: HistoryError): ContentfulStatusCode {
  if (retryable || code === 'CLOSED') return 503
  if (code === 'TOO_LARGE') return 413
  if (code === 'CONFLICT') return 409
  return 500
}
