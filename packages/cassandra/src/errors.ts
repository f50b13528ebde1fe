import { HistoryError, type HistoryErrorDetails, isHistoryError } from '@hist/core'
import type { TableSettings } from './options.js'
import { missingKeyspace, missingTable, qualifiedName } from './schema.js'

/** Of any error of the driver; an inner one can be a mere text. */
interface DriverError {
  readonly name?: unknown
  readonly message?: unknown
  /** A number: error code of the server. A text: error code of Node. */
  readonly code?: unknown
  /** By address of the node. */
  readonly innerErrors?: Readonly<Record<string, unknown>> | null
}

/** Error codes of the native protocol (native_protocol_v5.spec, section 9). */
const UNAVAILABLE = 0x1000
const OVERLOADED = 0x1001
const BOOTSTRAPPING = 0x1002
const WRITE_TIMEOUT = 0x1100
const READ_TIMEOUT = 0x1200
const READ_FAILURE = 0x1300
const WRITE_FAILURE = 0x1500
const BAD_CREDENTIALS = 0x0100
const SYNTAX_ERROR = 0x2000
const UNAUTHORIZED = 0x2100
const INVALID = 0x2200
const CONFIG_ERROR = 0x2300
const UNPREPARED = 0x2500

/** No connection was made, or none was there to send anything over. */
const NEVER_SENT =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|considered as DOWN|No connection available|could be resolved|Connection timeout/i
/** Codes of Node's TLS. */
const TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$)/

/**
 * What an error of the driver means, by code, then name, then text.
 * @internal
 */
export function historyErrorOf(error: unknown, settings: TableSettings): HistoryError {
  if (isHistoryError(error)) return error
  const { name, message, code, innerErrors } = driverError(error)
  const text = typeof message === 'string' ? message : ''

  if (innerErrors !== undefined || name === 'NoHostAvailableError') return noHostError(error, innerErrors ?? {}, text, settings)
  if (typeof code === 'number') return responseError(error, code, text, settings)
  if (typeof code === 'string' && TLS.test(code))
    return make(error, `no TLS connection (${code}); the certificates of the authorities to trust go into sslOptions.ca`, {
      code: 'INVALID_CONFIGURATION',
    })
  if (name === 'AuthenticationError')
    return make(error, 'the credentials were refused, or are missing: pass credentials', { code: 'ACCESS_DENIED' })
  if (name === 'OperationTimedOutError') return make(error, 'a node did not answer in time', { code: 'TIMEOUT' })
  if (name === 'BusyConnectionError') return make(error, 'all connections are busy', { code: 'THROTTLED' })
  if (name === 'ArgumentError') return make(error, `the driver refuses the settings: ${text}`, { code: 'INVALID_CONFIGURATION' })
  if (NEVER_SENT.test(`${String(code)} ${text}`))
    return make(error, `no connection (${reason(error)})`, { code: 'UNAVAILABLE', outcome: 'failed' })
  if (name === 'DriverError' || typeof code === 'string')
    return make(error, `the connection broke off (${reason(error)})`, { code: 'UNAVAILABLE' })
  return make(error, `an error that is not known here (${String(name)})`, { code: 'UNKNOWN' })
}

function make(cause: unknown, words: string, details: HistoryErrorDetails): HistoryError {
  return new HistoryError(`Cassandra: ${words}`, { ...details, cause })
}

/** None of the nodes that were tried could do it. */
function noHostError(
  error: unknown,
  innerErrors: Readonly<Record<string, unknown>>,
  text: string,
  settings: TableSettings,
): HistoryError {
  const inner = Object.entries(innerErrors).filter(([, value]) => value !== null && value !== undefined)
  const dataCentres = /localDataCenter was configured as '(.*)', but only found hosts in data centers: (\[.*?\])/.exec(text)
  if (dataCentres !== null)
    return make(error, `there is no data centre '${dataCentres[1]}'; there are ${dataCentres[2]}: set localDataCenter`, {
      code: 'INVALID_CONFIGURATION',
    })
  if (/could be resolved/.test(text))
    return make(error, 'no contact point could be resolved to an address; are the names in contactPoints right?', {
      code: 'UNAVAILABLE',
      outcome: 'failed',
    })
  if (/after shutdown/.test(text)) return make(error, 'the client was shut down', { code: 'CLOSED' })
  const meanings = inner.map(([, value]) => historyErrorOf(value, settings))
  // What another node or another try cannot change.
  const final = meanings.find(meaning => !meaning.retryable && meaning.code !== 'UNKNOWN')
  if (final !== undefined) return new HistoryError(final.message, { code: final.code, cause: error })
  const neverSent = inner.every(([, value]) => NEVER_SENT.test(reason(value)))
  const tried = inner.map(([address, value]) => `${address} (${reason(value)})`).join(', ')
  return make(
    error,
    neverSent && inner.length > 0
      ? `no node could be reached: ${tried}; are contactPoints and port right, and the nodes up?`
      : `no node could do it: ${tried || text}`,
    { code: 'UNAVAILABLE', outcome: neverSent ? 'failed' : 'unknown' },
  )
}

function responseError(error: unknown, code: number, text: string, settings: TableSettings): HistoryError {
  switch (code) {
    case BAD_CREDENTIALS:
      return make(error, 'the credentials were refused', { code: 'ACCESS_DENIED' })
    case UNAVAILABLE:
      return make(error, `too few replicas are up for consistency ${settings.consistency}`, {
        code: 'UNAVAILABLE',
        outcome: 'failed',
      })
    case BOOTSTRAPPING:
      return make(error, 'the node is starting', { code: 'UNAVAILABLE', outcome: 'failed' })
    case OVERLOADED:
      return make(error, 'the node is overloaded', { code: 'THROTTLED' })
    case WRITE_TIMEOUT:
      return make(error, 'too few replicas confirmed the write in time', { code: 'TIMEOUT' })
    case WRITE_FAILURE:
      return make(error, 'a replica failed to write', { code: 'UNAVAILABLE' })
    case READ_TIMEOUT:
      return make(error, 'too few replicas answered the read in time', { code: 'TIMEOUT' })
    case READ_FAILURE:
      return make(
        error,
        'a replica failed to read, probably because it met over 100,000 tombstones of what has expired; with ttlSeconds in the options, ' +
          'what has expired is left out of the read',
        { code: 'UNAVAILABLE', retryable: false },
      )
    case UNAUTHORIZED:
      // "User ro has no MODIFY permission on <table p.m> or any of its parents": no secrets.
      return make(error, `access denied: ${text}`, { code: 'ACCESS_DENIED' })
    case UNPREPARED:
      return missingTable(settings, error)
    case SYNTAX_ERROR:
    case CONFIG_ERROR:
      return make(error, `the server refuses the statement, probably because of tableOptions: ${text}`, {
        code: 'INVALID_CONFIGURATION',
      })
    case INVALID:
      return invalidError(error, text, settings)
    default:
      return make(error, `an error of the server that is not known here (0x${code.toString(16).padStart(4, '0')})`, {
        code: 'UNKNOWN',
      })
  }
}

function invalidError(error: unknown, text: string, settings: TableSettings): HistoryError {
  if (/keyspace.* (does not|doesn't) exist/i.test(text)) return missingKeyspace(settings, error)
  if (/table.* (does not|doesn't) exist|unconfigured table/i.test(text)) return missingTable(settings, error)
  if (/Undefined column name/i.test(text))
    return make(error, `table ${qualifiedName(settings)} is none of ours (${text}); use another tableName`, {
      code: 'INVALID_CONFIGURATION',
    })
  if (/Request is too big|oversized mutation|Batch too large/i.test(text))
    return make(
      error,
      `the server takes no more at once (${text}); lower maxMessageBytes to what it takes. Nothing was written`,
      {
        code: 'TOO_LARGE',
      },
    )
  if (/ttl is too large|maximum supported expiration date/i.test(text))
    return make(error, 'the server refuses so long a life: lower ttlSeconds, or set its storage_compatibility_mode to NONE', {
      code: 'INVALID_CONFIGURATION',
    })
  if (/compaction|compression|property|caching|memtable/i.test(text))
    return make(error, `the server refuses tableOptions: ${text}`, { code: 'INVALID_CONFIGURATION' })
  return make(error, 'the request was refused as invalid', { code: 'UNKNOWN', outcome: 'failed' })
}

function driverError(error: unknown): DriverError {
  return typeof error === 'object' && error !== null ? (error as DriverError) : { message: error }
}

/** A few words without anything of the request. */
function reason(error: unknown): string {
  const { name, message, code } = driverError(error)
  if (typeof code === 'string') return code
  if (typeof code === 'number') return `0x${code.toString(16).padStart(4, '0')}`
  return NEVER_SENT.exec(String(message))?.[0] ?? String(name ?? message)
}

/** The server gave a read up over tombstones. @internal */
export function isReadFailure(error: unknown): boolean {
  return isHistoryError(error) && driverError(error.cause).code === READ_FAILURE
}
