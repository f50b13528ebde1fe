import { HistoryError, isHistoryError } from '@hist/core'
import {
  answerMeaning,
  type Meaning,
  noCommonVersion,
  OUT_OF_SEQUENCE_ANSWERS,
  STALE_ANSWERS,
  signInRefused,
} from './broker-answers.js'

/** Of any error of kafkajs. Told by name and type: two installed copies have two sets of classes. */
interface DriverError {
  readonly name?: unknown
  readonly message?: unknown
  /** What the broker answered, as a name of the protocol. */
  readonly type?: unknown
  /** Of Node, as text, in an error of a connection. */
  readonly code?: unknown
  readonly retriable?: unknown
  /** Its address. */
  readonly broker?: unknown
  readonly cause?: unknown
  readonly originalError?: unknown
  /** Of several topics. */
  readonly errors?: unknown
  /** Of several partitions. */
  readonly partitions?: unknown
}

/** Say nothing themselves when they have a cause. */
const WRAPPERS = /^(KafkaJSNumberOfRetriesExceeded|KafkaJSNonRetriableError|KafkaJSError|HistoryError)$/

/** Of requests that were not sent: there was nobody to send them to. */
const NOBODY_THERE =
  /^KafkaJS(BrokerNotFound|LockTimeout|MetadataNotLoaded|TopicMetadataNotLoaded|StaleTopicMetadataAssignment|GroupCoordinatorNotFound|NoBrokerAvailableError)$/
/** No connection was made, or none was there to send anything over. The empty one is of all addresses that a name has. */
const NEVER_SENT =
  /^(Connection timeout|Not connected|Broker not connected|Connection closed by the server|Connection error: )$|^Failed to connect|: connect E[A-Z]|before secure TLS connection/
const NOT_CONNECTED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/
/** Codes of Node's TLS. A damaged record is the network's fault. */
const TLS = /^(ERR_TLS_|ERR_SSL_(?!.*BAD_RECORD)|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$)/
/** These can also end a connection that was in use. */
const LATE_TLS = /^(ERR_SSL_(?!WRONG_VERSION_NUMBER)|EPROTO)/
/** The settings cannot even be tried. An app's own `brokers` function that throws is another matter. */
const REFUSED_SETTINGS = /^Failed to connect: (?!"config\.brokers")/
/** Signing in failed, but because of the connection: kafkajs keeps the reason in the text only. */
const SIGN_IN_BROKE_OFF = /(timed out|Closed connection|Not connected|Connection timeout|Connection error: .*)$/

/**
 * What an error of kafkajs means for a request about this topic. `outcome` is that of the one request that failed: what an earlier one did,
 * or one that waited on the same connection, the caller must know.
 * @internal
 */
export function historyErrorOf(error: unknown, topic: string): HistoryError {
  if (isHistoryError(error)) return error
  const inner = innermost(error)
  const [words, details] = meaningOf(inner, topic, nameOf(error))
  return new HistoryError(`Kafka: ${words}`, { ...details, cause: error })
}

function meaningOf(inner: DriverError, topic: string, outerName: string): Meaning {
  const { type } = inner
  if (typeof type !== 'string') return connectionMeaning(inner) ?? clientMeaning(inner, outerName)
  // Of DeleteRecords it can mean nothing else.
  if (type === 'POLICY_VIOLATION' && outerName === 'KafkaJSDeleteTopicRecordsError')
    return [`topic ${topic} cannot be emptied: its cleanup.policy is not 'delete'`, { code: 'UNSUPPORTED' }]
  return answerMeaning(type, topic, { isRetriable: inner.retriable === true, text: textOf(inner) })
}

/** What the broker answered: `'NOT_LEADER_FOR_PARTITION'`. Undefined if it was no answer. @internal */
export function typeOf(error: unknown): string | undefined {
  const { type } = innermost(error)
  return typeof type === 'string' ? type : undefined
}

/** Everything that the broker answered, if it was asked about several topics or partitions. @internal */
export function typesOf(error: unknown): string[] {
  return leavesOf(error).flatMap(({ type }) => (typeof type === 'string' ? [type] : []))
}

/** Worth trying again, after a look at fresh metadata. @internal */
export function isStale(error: unknown): boolean {
  const inner = innermost(error)
  const { type } = inner
  if (isRefusedSetting(inner)) return false
  if (typeof type === 'string') return STALE_ANSWERS.has(type)
  return (
    isConnectionError(error) ||
    NOBODY_THERE.test(nameOf(inner)) ||
    [nameOf(inner), nameOf(error)].some(name => /^KafkaJS(RequestTimeoutError|NumberOfRetriesExceeded)$/.test(name))
  )
}

/** The log begins later, or ends earlier, than was asked for. @internal */
export function isOutOfRange(error: unknown): boolean {
  return typeOf(error) === 'OFFSET_OUT_OF_RANGE' || nameOf(innermost(error)) === 'KafkaJSOffsetOutOfRange'
}

/** The broker knows no such topic: perhaps not yet, perhaps no longer. @internal */
export function isUnknownTopic(error: unknown): boolean {
  return typeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION'
}

/** The broker's count of what a producer sent differs from the producer's. @internal */
export function isOutOfSequence(error: unknown): boolean {
  return OUT_OF_SEQUENCE_ANSWERS.has(typeOf(error) ?? '')
}

/** The connection was not made, or broke off: the broker's place in the pool is of no use. @internal */
export function isConnectionError(error: unknown): boolean {
  const inner = innermost(error)
  const name = nameOf(inner)
  return (
    name === 'KafkaJSConnectionError' ||
    name === 'KafkaJSConnectionClosedError' ||
    (name === 'KafkaJSSASLAuthenticationError' && SIGN_IN_BROKE_OFF.test(textOf(inner))) ||
    textOf(inner) === 'Broker not connected'
  )
}

function isRefusedSetting(inner: DriverError): boolean {
  return (
    REFUSED_SETTINGS.test(textOf(inner)) || (isConnectionError(inner) && typeof inner.code === 'string' && TLS.test(inner.code))
  )
}

function connectionMeaning(inner: DriverError): Meaning | undefined {
  const code = typeof inner.code === 'string' ? inner.code : ''
  const broker = typeof inner.broker === 'string' ? inner.broker : 'a broker'
  const text = textOf(inner)
  if (REFUSED_SETTINGS.test(text))
    return [
      'no connection can be made with these settings, see cause; check bootstrapServers and clientOptions',
      { code: 'INVALID_CONFIGURATION' },
    ]
  if (!isConnectionError(inner)) return undefined
  if (TLS.test(code))
    return [
      `no TLS connection to ${broker} (${code}); the certificates of the authorities to trust go into clientOptions.ssl.ca`,
      { code: 'INVALID_CONFIGURATION', outcome: LATE_TLS.test(code) ? 'unknown' : 'failed' },
    ]
  if (NEVER_SENT.test(text) || NOT_CONNECTED.test(code) || nameOf(inner) === 'KafkaJSSASLAuthenticationError')
    return [
      `no connection to ${broker}${code && ` (${code})`}; is it up, and are its address, TLS and SASL right?`,
      { code: 'UNAVAILABLE', outcome: 'failed' },
    ]
  return [
    `the connection to ${broker} broke off${code && ` (${code})`}; if always, does it ask for TLS or SASL (clientOptions)?`,
    { code: 'UNAVAILABLE' },
  ]
}

function clientMeaning(inner: DriverError, outerName: string): Meaning {
  const name = nameOf(inner)
  const broker = typeof inner.broker === 'string' ? inner.broker : 'a broker'
  if (name === 'KafkaJSSASLAuthenticationError') return signInRefused
  if (name === 'KafkaJSRequestTimeoutError') return [`no answer from ${broker} in time`, { code: 'TIMEOUT' }]
  if (name === 'SharedFailure') return ['a request for several topics failed', { code: 'UNAVAILABLE' }]
  if (NOBODY_THERE.test(name))
    return [`no broker is known or free for the request (${name})`, { code: 'UNAVAILABLE', outcome: 'failed' }]
  if (name === 'KafkaJSNotImplemented') {
    const codec = /^(\w+) compression/.exec(textOf(inner))?.[1]
    return codec === undefined
      ? ['kafkajs cannot do that', { code: 'UNSUPPORTED' }]
      : [
          `a message is compressed with ${codec}, which kafkajs has no codec for; add one to its CompressionCodecs, or let writers use gzip or none`,
          { code: 'UNSUPPORTED' },
        ]
  }
  if (
    /^KafkaJS(ServerDoesNotSupportApiKey|UnsupportedMagicByteInMessageSet)$/.test(name) ||
    textOf(inner) === 'API Versions not supported'
  )
    return noCommonVersion
  if (outerName === 'KafkaJSNumberOfRetriesExceeded')
    return [`kafkajs gave up after some tries (${name})`, { code: 'UNAVAILABLE' }]
  return [`an error that is not known here (${name})`, { code: 'UNKNOWN' }]
}

/** The one that decides: of several, one that another try cannot change. */
function innermost(error: unknown): DriverError {
  const leaves = leavesOf(error)
  return leaves.find(({ retriable }) => retriable === false) ?? leaves[0] ?? {}
}

function leavesOf(error: unknown, depth = 0): readonly DriverError[] {
  const outer = driverError(error)
  // A chain of causes can be a ring.
  const inner = depth < 8 ? within(outer) : []
  return inner.length === 0 ? [outer] : inner.flatMap(one => leavesOf(one, depth + 1))
}

function within(error: DriverError): readonly unknown[] {
  const { originalError, errors, partitions, cause } = error
  if (originalError !== undefined && originalError !== null) return [originalError]
  if (Array.isArray(errors)) return errors
  if (Array.isArray(partitions)) return partitions.flatMap(partition => driverErrors(partition?.error))
  return WRAPPERS.test(nameOf(error)) ? driverErrors(cause) : []
}

function driverErrors(value: unknown): readonly unknown[] {
  return value === undefined || value === null ? [] : [value]
}

function driverError(error: unknown): DriverError {
  return typeof error === 'object' && error !== null ? error : { message: error }
}

function nameOf(error: unknown): string {
  return String(driverError(error).name)
}

function textOf({ message }: DriverError): string {
  return typeof message === 'string' ? message : ''
}
