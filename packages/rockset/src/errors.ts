import { HistoryError, type HistoryErrorDetails, isHistoryError } from '@hist/core'
import { addressTried } from '@hist/core/backend'

/** What a failed request was about. @internal */
export interface RequestContext {
  /** `commons.chat` */
  readonly collection: string
  /** How to make it. */
  readonly create: string
}

/** An error of a client, or of one document in an answer. */
interface DriverError {
  readonly name?: unknown
  readonly message?: unknown
  readonly type?: unknown
  readonly error_id?: unknown
  /** The HTTP status in our client, a word such as ECONNRESET of a connection; `@rockset/client` puts a status here too. */
  readonly code?: unknown
  readonly status?: unknown
  readonly cause?: unknown
}

interface ConnectionError extends DriverError {
  readonly code: string
}

const DENIED = ['AUTHEXCEPTION', 'FORBIDDEN']
const BUSY = ['NOT_READY', 'CREATING', 'INTERNALERROR']
/** The connection was never made: nothing was sent. */
const NOT_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']

/** What an error of the client means: by type, then status, then the connection's code. @internal */
export function historyErrorOf(error: unknown, context: RequestContext): HistoryError {
  if (isHistoryError(error)) return error
  const { name, type, error_id, status: ownStatus, code } = driverError(error)
  const status = Number(ownStatus ?? code)
  const connection = connectionError(error)
  const word = connection?.code
  const make = (words: string, details: HistoryErrorDetails) =>
    new HistoryError(`Rockset: ${words}`, { ...details, cause: error })
  const is = (types: readonly string[]) => typeof type === 'string' && types.includes(type)

  if (is(DENIED) || status === 401 || status === 403) return make('access denied', { code: 'ACCESS_DENIED' })
  if (is(['NOTFOUND']) || error_id === 'collection_not_found') {
    return make(`collection ${context.collection} does not exist; make it with setupMode 'sync', or by\n${context.create}`, {
      code: 'NOT_SET_UP',
    })
  }
  if (is(['RATELIMITEXCEEDED']) || status === 429) return make('too many requests', { code: 'THROTTLED' })
  if (is(['CONTENTTOOLARGE']) || status === 413)
    return make('more than the server takes or gives at once; nothing was written', { code: 'TOO_LARGE' })
  if (is(['QUERY_TIMEOUT']) || status === 408) return make('the server gave the request up', { code: 'TIMEOUT' })
  if (is(['NOTIMPLEMENTEDYET'])) return make('the server cannot do that', { code: 'UNSUPPORTED' })
  if (is(BUSY) || status >= 500) return make(`the server failed (${type ?? status})`, { code: 'UNAVAILABLE' })
  if (word !== undefined && NOT_CONNECTED.includes(word))
    return make(`no connection${addressTried(connection)} (${word})`, { code: 'UNAVAILABLE', outcome: 'failed' })
  if (isPortRefused(error))
    return make("no connection (bad port): Node's fetch takes no server on this port", { code: 'UNAVAILABLE', outcome: 'failed' })
  if (name === 'AbortError' || name === 'TimeoutError')
    return make(`the client gave the request up (${name})`, { code: 'TIMEOUT' })
  if (word !== undefined || name === 'FetchError') return make(`the connection broke off (${word})`, { code: 'UNAVAILABLE' })
  // A body that ends early, or is no JSON although the answer was 200.
  if (name === 'SyntaxError' || isFetchFailure(error)) return make('the answer broke off', { code: 'UNAVAILABLE' })
  const refused = is(['QUERY_ERROR', 'INVALIDINPUT', 'ALREADYEXISTS']) || (status >= 400 && status < 500)
  return make(`an error that is not known here (${String(type ?? name)})`, {
    code: 'UNKNOWN',
    outcome: refused ? 'failed' : 'unknown',
  })
}

/** The same error of a request that came after something was written. @internal */
export function afterWriting(error: unknown): unknown {
  if (!isHistoryError(error)) return error
  return new HistoryError(error.message, { ...error, cause: error.cause, outcome: 'unknown' })
}

/** Rockset's own type of an error: `'NOTFOUND'`. @internal */
export function typeOf(error: unknown): unknown {
  return driverError(isHistoryError(error) ? error.cause : error).type
}

function driverError(error: unknown): DriverError {
  return typeof error === 'object' && error !== null ? error : {}
}

/** What has `ECONNRESET` and the like as its code, wherever the way that requests take puts it: Node's fetch has it in the cause. */
function connectionError(error: unknown): ConnectionError | undefined {
  const inner = driverError(error)
  if (hasWord(inner)) return inner
  return inner.cause === undefined ? undefined : connectionError(inner.cause)
}

function hasWord(error: DriverError): error is ConnectionError {
  return typeof error.code === 'string'
}

/** Of the ports that browsers do not call, Node's fetch calls none either; there is no code for it. */
function isPortRefused(error: unknown): boolean {
  return isFetchFailure(error) && driverError(driverError(error).cause).message === 'bad port'
}

/** Of Node's fetch: a TypeError whose cause may be anything. */
function isFetchFailure(error: unknown): boolean {
  return error instanceof TypeError && /^(fetch failed|terminated)$/.test(error.message)
}
