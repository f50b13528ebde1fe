import { HistoryError, type HistoryErrorDetails, isHistoryError } from '@hist/core'
import { addressTried } from '@hist/core/backend'

/** What a failed request was about. @internal */
export interface RequestContext {
  readonly tableName: string
  /** How to make the table. */
  readonly createTable: string
  /** What to say if the table has other keys than ours. */
  readonly wrongKeys: string
  /** What to say if an item would be too large. */
  readonly full: string
  /** A ValidationException of this request can mean nothing else. */
  readonly needsKeysOnly: boolean
}

interface DriverError {
  readonly name?: unknown
  readonly message?: unknown
  readonly code?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number }
}

const THROTTLED = [
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'LimitExceededException',
]
const DENIED = [
  'UnrecognizedClientException',
  'AccessDeniedException',
  'InvalidSignatureException',
  'ExpiredTokenException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'IncompleteSignatureException',
]
/** Credentials without keys, none at all, or with what no header can hold; the other headers are the SDK's own. Nothing was sent. */
const INVALID_CREDENTIALS = /credential object is not valid|\(reading 'expiration'\)|ERR_INVALID_CHAR/
/** The connection was never made: nothing was sent. */
const NOT_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']
/** The connection or its answer broke off: anything may have been applied. A truncated body is an `Error` that only its text tells. */
const BROKEN_OFF = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ERR_STREAM_PREMATURE_CLOSE']
const BROKEN_ANSWER = /aborted|deserialization|socket hang up|unexpected end of|premature close/i
/** Codes of Node's HTTP and TLS for answers that are none: a connection in use can break off so too. */
const OTHER_PROTOCOL = /^(HPE_|EPROTO|ERR_SSL_)/
/** No TLS came in answer, in the words of several OpenSSLs, or Node refused the certificate: nothing was sent. */
const NO_TLS = /wrong.version.number|packet.length.too.long|^(ERR_TLS_CERT_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/i

/**
 * What an error of the SDK means: by name, then text, then status. Texts differ between servers, so none is compared as a whole.
 * @internal
 */
export function historyErrorOf(error: unknown, context: RequestContext): HistoryError {
  if (isHistoryError(error)) return error
  const { name, message, code, $metadata } = (typeof error === 'object' && error !== null ? error : {}) as DriverError
  const status = $metadata?.httpStatusCode ?? 0
  const text = typeof message === 'string' ? message : ''
  const codeAndText = `${String(code)} ${text}`
  const make = (words: string, details: HistoryErrorDetails) =>
    new HistoryError(`DynamoDB: ${words}`, { ...details, cause: error })
  const oneOf = (names: readonly string[], value: unknown) => typeof value === 'string' && names.includes(value)

  if (name === 'ResourceNotFoundException') {
    return make(`table ${context.tableName} does not exist; make it with setupMode 'sync', or by\n${context.createTable}`, {
      code: 'NOT_SET_UP',
    })
  }
  if (name === 'ValidationException') {
    if (/item size/i.test(text)) return make(context.full, { code: 'TOO_LARGE' })
    if (context.needsKeysOnly || /\bkey\b/i.test(text)) return make(context.wrongKeys, { code: 'INVALID_CONFIGURATION' })
    return make('the request was refused as invalid', { code: 'UNKNOWN', outcome: 'failed' })
  }
  if (name === 'ConditionalCheckFailedException' || name === 'TransactionConflictException') {
    return make(`another write was in the way (${name})`, { code: 'CONFLICT' })
  }
  if (oneOf(THROTTLED, name)) return make(`too many requests (${name})`, { code: 'THROTTLED' })
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    const ways = 'pass credentials, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE'
    return make(`no usable credentials (${name}): ${ways}`, { code: 'ACCESS_DENIED' })
  }
  if (oneOf(DENIED, name)) return make(`access denied (${name}); see the permissions in the README`, { code: 'ACCESS_DENIED' })
  if (name === 'UnknownOperationException') return make('the server does not know the operation', { code: 'UNSUPPORTED' })
  if (oneOf(NOT_CONNECTED, code))
    return make(`no connection${addressTried(error)} (${code})`, { code: 'UNAVAILABLE', outcome: 'failed' })
  if (NO_TLS.test(codeAndText))
    return make(`no TLS connection (${code}): the server does not speak https, or its certificate is not trusted`, {
      code: 'INVALID_CONFIGURATION',
    })
  if (OTHER_PROTOCOL.test(codeAndText))
    return make(`the server speaks another protocol (${code}); is the address right?`, { code: 'UNAVAILABLE' })
  // By its code: the SDK names a connection that was reset `TimeoutError`.
  if (oneOf(BROKEN_OFF, code)) return make(`the connection broke off (${code})`, { code: 'UNAVAILABLE' })
  if (name === 'AbortError' || name === 'TimeoutError')
    return make(`the client gave the request up (${name})`, { code: 'TIMEOUT' })
  if (status >= 500) return make(`the server failed (status ${status})`, { code: 'UNAVAILABLE' })
  if (name === 'SyntaxError' || BROKEN_ANSWER.test(text))
    return make("the answer broke off, or is not DynamoDB's", { code: 'UNAVAILABLE' })
  if (/region is missing/i.test(text)) return make('no region: pass region, or set AWS_REGION', { code: 'INVALID_CONFIGURATION' })
  if (INVALID_CREDENTIALS.test(codeAndText))
    return make('invalid credentials: accessKeyId or secretAccessKey is missing, or there is a line break in them', {
      code: 'INVALID_CONFIGURATION',
    })
  const refused = status >= 400 && status < 500
  return make(`an error that is not known here (${String(name)})`, { code: 'UNKNOWN', outcome: refused ? 'failed' : 'unknown' })
}

/** The condition of the write did not hold; of one item that was to be created: it exists. @internal */
export function isConditionFailed(error: unknown): boolean {
  return isHistoryError(error) && (error.cause as DriverError | undefined)?.name === 'ConditionalCheckFailedException'
}

/** An entry that cannot be read. @internal */
export function corrupt(text: string, cause?: unknown): HistoryError {
  return new HistoryError(text, { code: 'CORRUPT_ENTRY', cause })
}
