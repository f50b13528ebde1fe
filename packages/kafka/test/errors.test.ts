import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { HistoryError } from '@hist/core'
import kafkajs, { type KafkaConfig } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { OUT_OF_SEQUENCE_ANSWERS, STALE_ANSWERS } from '../src/broker-answers.js'
import {
  historyErrorOf,
  isConnectionError,
  isOutOfRange,
  isOutOfSequence,
  isStale,
  isUnknownTopic,
  typeOf,
  typesOf,
} from '../src/errors.js'

// kafkajs's own classes and table: what a broker cannot be made to answer on purpose. The other errors are met where a broker gives them.
type ErrorClass = new (...fields: readonly unknown[]) => Error
const require = createRequire(import.meta.url)
const classes = require('kafkajs/src/errors.js') as Record<string, ErrorClass>
const { errorCodes, createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  errorCodes: readonly { type: string; code: number }[]
  createErrorFromCode(code: number): Error
}

function make(name: string, ...fields: readonly unknown[]): Error {
  const Class = classes[`KafkaJS${name}`]
  if (Class === undefined) return expect.fail(`kafkajs has no KafkaJS${name}`)
  return new Class(...fields)
}

function answer(type: string): Error {
  const found = errorCodes.find(code => code.type === type)
  return found === undefined ? expect.fail(`kafkajs does not know ${type}`) : createErrorFromCode(found.code)
}

const connection = (text: string, code?: string) => make('ConnectionError', text, { broker: '10.0.0.1:9092', code })
const closed = make('ConnectionClosedError', 'Closed connection', { host: '10.0.0.1', port: 9092 })
const refused = connection('Connection error: connect ECONNREFUSED 10.0.0.1:9092', 'ECONNREFUSED')
const timedOut = make('RequestTimeoutError', 'Request Produce(key: 0, version: 7) timed out', { broker: '10.0.0.1:9092' })
const signIn = (text: string) => make('SASLAuthenticationError', `SASL PLAIN authentication failed: ${text}`)
const exceeded = (error: Error) => make('NumberOfRetriesExceeded', error, { retryCount: 5, retryTime: 9_000 })
const notRetriable = (error: Error) => make('NonRetriableError', error, { cause: error })
const creation = (type: string) =>
  make('AggregateError', 'Topic creation errors', [make('CreateTopicError', answer(type), 'chat.42')])
const deletion = (...types: string[]) =>
  make('DeleteTopicRecordsError', { partitions: types.map((type, partition) => ({ partition, error: answer(type) })) })
const notConnected = new Error('Broker not connected')

function meaning(error: unknown): string {
  const { code, retryable, outcome } = historyErrorOf(error, 'chat.42')
  return `${code}, ${retryable ? 'retryable' : 'final'}, ${outcome}`
}

describe('what errors mean', () => {
  test.each<[name: string, error: unknown, expected: string]>([
    ['refused', refused, 'UNAVAILABLE, retryable, failed'],
    ['refused, tried often', exceeded(refused), 'UNAVAILABLE, retryable, failed'],
    ['no such host', connection('Connection error: getaddrinfo ENOTFOUND a', 'ENOTFOUND'), 'UNAVAILABLE, retryable, failed'],
    ['no name server', connection('Connection error: getaddrinfo EAI_AGAIN a', 'EAI_AGAIN'), 'UNAVAILABLE, retryable, failed'],
    ['all addresses of a host', connection('Connection error: ', 'ETIMEDOUT'), 'UNAVAILABLE, retryable, failed'],
    ['no way', connection('Connection error: connect EHOSTUNREACH a', 'EHOSTUNREACH'), 'UNAVAILABLE, retryable, failed'],
    ['no answer to connect', connection('Connection error: connect ETIMEDOUT a', 'ETIMEDOUT'), 'UNAVAILABLE, retryable, failed'],
    ['connect took too long', connection('Connection timeout'), 'UNAVAILABLE, retryable, failed'],
    ['not connected', connection('Not connected'), 'UNAVAILABLE, retryable, failed'],
    ['never connected', notConnected, 'UNAVAILABLE, retryable, failed'],
    ['no broker list', connection('Failed to connect: "config.brokers" threw: no'), 'UNAVAILABLE, retryable, failed'],
    [
      'TLS broken off',
      connection(
        'Connection error: Client network socket disconnected before secure TLS connection was established',
        'ECONNRESET',
      ),
      'UNAVAILABLE, retryable, failed',
    ],
    ['reset', connection('Connection error: read ECONNRESET', 'ECONNRESET'), 'UNAVAILABLE, retryable, unknown'],
    ['kept alive in vain', connection('Connection error: read ETIMEDOUT', 'ETIMEDOUT'), 'UNAVAILABLE, retryable, unknown'],
    [
      'damaged',
      connection('Connection error: x', 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'),
      'UNAVAILABLE, retryable, unknown',
    ],
    ['closed', closed, 'UNAVAILABLE, retryable, unknown'],
    ['timed out', timedOut, 'TIMEOUT, retryable, unknown'],
    ['broker not found', make('BrokerNotFound', 'Broker 3 not found in the cached metadata'), 'UNAVAILABLE, retryable, failed'],
    ['locked', make('LockTimeout', 'Timeout while acquiring lock'), 'UNAVAILABLE, retryable, failed'],
    ['no metadata', make('MetadataNotLoaded', 'Topic metadata not loaded'), 'UNAVAILABLE, retryable, failed'],
    ['no coordinator', make('GroupCoordinatorNotFound', 'Failed to find group coordinator'), 'UNAVAILABLE, retryable, failed'],
    ['tried often', exceeded(new Error('something')), 'UNAVAILABLE, retryable, unknown'],

    ['own certificate', connection('Connection error: x', 'DEPTH_ZERO_SELF_SIGNED_CERT'), 'INVALID_CONFIGURATION, final, failed'],
    [
      'unknown authority',
      connection('Connection error: x', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
      'INVALID_CONFIGURATION, final, failed',
    ],
    [
      'certificate of another',
      connection('Connection error: x', 'ERR_TLS_CERT_ALTNAME_INVALID'),
      'INVALID_CONFIGURATION, final, failed',
    ],
    ['no TLS there', connection('Connection error: x', 'ERR_SSL_WRONG_VERSION_NUMBER'), 'INVALID_CONFIGURATION, final, failed'],
    [
      'a certificate is asked for',
      exceeded(connection('Connection error: x', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')),
      'INVALID_CONFIGURATION, final, unknown',
    ],
    [
      'no PEM',
      connection('Failed to connect: error:0480006C:PEM routines::no start line'),
      'INVALID_CONFIGURATION, final, failed',
    ],
    [
      'no brokers',
      make('NonRetriableError', 'Failed to connect: brokers array is empty'),
      'INVALID_CONFIGURATION, final, failed',
    ],

    ['wrong password', signIn('Authentication failed: Invalid username or password'), 'ACCESS_DENIED, final, failed'],
    ['wrong password, old broker', signIn('Connection closed by the server'), 'ACCESS_DENIED, final, failed'],
    ['sign-in cut', signIn('Closed connection'), 'UNAVAILABLE, retryable, failed'],
    ['sign-in reset', signIn('Connection error: read ECONNRESET'), 'UNAVAILABLE, retryable, failed'],
    ['sign-in hung', signIn('Request SaslAuthenticate(key: 36, version: 1) timed out'), 'UNAVAILABLE, retryable, failed'],
    ['sign-in refused', answer('SASL_AUTHENTICATION_FAILED'), 'ACCESS_DENIED, final, failed'],
    ['no such mechanism', answer('UNSUPPORTED_SASL_MECHANISM'), 'ACCESS_DENIED, final, failed'],
    ['listener without SASL', exceeded(answer('ILLEGAL_SASL_STATE')), 'ACCESS_DENIED, final, failed'],
    ['no right to the topic', answer('TOPIC_AUTHORIZATION_FAILED'), 'ACCESS_DENIED, final, failed'],
    ['no right to create it', creation('TOPIC_AUTHORIZATION_FAILED'), 'ACCESS_DENIED, final, failed'],
    ['no right to the group', answer('GROUP_AUTHORIZATION_FAILED'), 'ACCESS_DENIED, final, failed'],
    ['no right to the cluster', creation('CLUSTER_AUTHORIZATION_FAILED'), 'ACCESS_DENIED, final, failed'],
    ['no other right', answer('DELEGATION_TOKEN_AUTHORIZATION_FAILED'), 'ACCESS_DENIED, final, failed'],

    ['not the leader', answer('NOT_LEADER_FOR_PARTITION'), 'UNAVAILABLE, retryable, unknown'],
    ['not the leader, tried often', exceeded(answer('NOT_LEADER_FOR_PARTITION')), 'UNAVAILABLE, retryable, unknown'],
    ['unknown topic', answer('UNKNOWN_TOPIC_OR_PARTITION'), 'UNAVAILABLE, retryable, unknown'],
    ['replicas timed out', answer('REQUEST_TIMED_OUT'), 'UNAVAILABLE, retryable, unknown'],
    ['too few replicas', answer('NOT_ENOUGH_REPLICAS'), 'UNAVAILABLE, retryable, failed'],
    ['too few replicas, late', answer('NOT_ENOUGH_REPLICAS_AFTER_APPEND'), 'UNAVAILABLE, retryable, unknown'],
    ['disk', answer('KAFKA_STORAGE_ERROR'), 'UNAVAILABLE, retryable, unknown'],
    ['damaged message', answer('CORRUPT_MESSAGE'), 'UNAVAILABLE, retryable, unknown'],
    [
      'log moved',
      make('OffsetOutOfRange', answer('OFFSET_OUT_OF_RANGE'), { topic: 'a', partition: 0 }),
      'UNAVAILABLE, retryable, unknown',
    ],
    ['sequence', answer('OUT_OF_ORDER_SEQUENCE_NUMBER'), 'UNAVAILABLE, retryable, unknown'],
    ['another that passes', answer('FETCH_SESSION_ID_NOT_FOUND'), 'UNAVAILABLE, retryable, unknown'],

    ['too large', answer('MESSAGE_TOO_LARGE'), 'TOO_LARGE, final, failed'],
    ['too large for a segment', answer('RECORD_LIST_TOO_LARGE'), 'TOO_LARGE, final, failed'],
    ['clock', answer('INVALID_TIMESTAMP'), 'INVALID_CONFIGURATION, final, failed'],
    ['no key', answer('INVALID_RECORD'), 'INVALID_CONFIGURATION, final, failed'],
    ['old format', answer('UNSUPPORTED_FOR_MESSAGE_FORMAT'), 'INVALID_CONFIGURATION, final, failed'],
    ['replication', creation('INVALID_REPLICATION_FACTOR'), 'INVALID_CONFIGURATION, final, failed'],
    ['partitions', creation('INVALID_PARTITIONS'), 'INVALID_CONFIGURATION, final, failed'],
    ['config', creation('INVALID_CONFIG'), 'INVALID_CONFIGURATION, final, failed'],
    ['policy', creation('POLICY_VIOLATION'), 'INVALID_CONFIGURATION, final, failed'],
    ['name', creation('INVALID_TOPIC_EXCEPTION'), 'CONFLICT, final, failed'],
    ['topics are never deleted', answer('TOPIC_DELETION_DISABLED'), 'INVALID_CONFIGURATION, final, failed'],
    ['compacted', deletion('POLICY_VIOLATION'), 'UNSUPPORTED, final, failed'],
    ['emptying at a former leader', deletion('NOT_LEADER_FOR_PARTITION'), 'UNAVAILABLE, retryable, unknown'],
    [
      'of several, the final one',
      deletion('NOT_LEADER_FOR_PARTITION', 'TOPIC_AUTHORIZATION_FAILED'),
      'ACCESS_DENIED, final, failed',
    ],
    ['live group', answer('UNKNOWN_MEMBER_ID'), 'CONFLICT, retryable, failed'],
    ['codec', make('NotImplemented', 'Snappy compression not implemented'), 'UNSUPPORTED, final, failed'],
    [
      'old broker',
      make('ServerDoesNotSupportApiKey', 'no', { apiKey: 22, apiName: 'InitProducerId' }),
      'UNSUPPORTED, final, failed',
    ],
    ['old version', answer('UNSUPPORTED_VERSION'), 'UNSUPPORTED, final, failed'],

    ['a newer answer', createErrorFromCode(90), 'UNKNOWN, final, unknown'],
    ['another answer', answer('UNKNOWN'), 'UNKNOWN, final, unknown'],
    ['a bug', notRetriable(new TypeError('x is not a function')), 'UNKNOWN, final, unknown'],
    ['a text', 'no', 'UNKNOWN, final, unknown'],
    ['nothing', undefined, 'UNKNOWN, final, unknown'],
  ])('%s', (_, error, expected) => {
    expect(meaning(error)).toBe(expected)
    expect(historyErrorOf(error, 'chat.42').cause).toBe(error)
  })

  test('what is known already stays', () => {
    const known = new HistoryError('Kafka: no', { code: 'NOT_SET_UP' })
    expect(historyErrorOf(known, 'chat.42')).toBe(known)
  })

  test('a chain of causes that is a ring ends', () => {
    const ring = make('NonRetriableError', 'a')
    ring.cause = ring
    expect(meaning(ring)).toBe('UNKNOWN, final, unknown')
  })
})

describe('texts', () => {
  test.each<[error: unknown, words: RegExp]>([
    [refused, /10\.0\.0\.1:9092 \(ECONNREFUSED\)/],
    [closed, /10\.0\.0\.1:9092/],
    [timedOut, /10\.0\.0\.1:9092/],
    [connection('Connection error: x', 'SELF_SIGNED_CERT_IN_CHAIN'), /clientOptions\.ssl\.ca/],
    [signIn('no'), /clientOptions\.sasl/],
    [answer('NOT_LEADER_FOR_PARTITION'), /topic chat\.42 .*NOT_LEADER_FOR_PARTITION/],
    [answer('NOT_ENOUGH_REPLICAS'), /topic chat\.42 .*min\.insync\.replicas/],
    [creation('INVALID_TOPIC_EXCEPTION'), /chat\.42 .*chat_42.*topicPrefix/],
    [answer('MESSAGE_TOO_LARGE'), /maxMessageBytes/],
    [make('NotImplemented', 'ZSTD compression not implemented'), /ZSTD.*CompressionCodecs/],
    [createErrorFromCode(90), /Unknown error code 90/],
  ])('say what to do: %s', (error, words) => {
    expect(historyErrorOf(error, 'chat.42').message).toMatch(words)
  })

  test('have nothing of a secret that kafkajs quotes', () => {
    for (const text of [
      "Failed to connect: The argument 'passphrase' is invalid. Received 'hunter2'",
      'Connection error: hunter2',
    ])
      expect(historyErrorOf(connection(text, 'ERR_INVALID_ARG_VALUE'), 'chat').message).not.toContain('hunter2')
    expect(historyErrorOf(signIn('hunter2'), 'chat').message).not.toContain('hunter2')
    expect(historyErrorOf(new Error('hunter2'), 'chat').message).not.toContain('hunter2')
  })

  test('a name without . and _ is refused for a reason of the cluster', () => {
    expect(historyErrorOf(creation('INVALID_TOPIC_EXCEPTION'), 'chat-42')).toMatchObject({ code: 'INVALID_CONFIGURATION' })
  })
})

describe('what to do next', () => {
  test('kafkajs knows the answers by these names', () => {
    for (const type of [...STALE_ANSWERS, ...OUT_OF_SEQUENCE_ANSWERS]) expect(typeOf(answer(type))).toBe(type)
  })

  test.each<[name: string, error: unknown]>([
    ...[...STALE_ANSWERS].map((type): [string, Error] => [type, answer(type)]),
    ['refused', refused],
    ['closed', closed],
    ['timed out', timedOut],
    ['never connected', notConnected],
    ['wrapped', notRetriable(exceeded(closed))],
    ['tried often', exceeded(new Error('something'))],
    ['sign-in cut', signIn('Closed connection')],
    ['broker not found', make('BrokerNotFound', 'no')],
    ['locked', make('LockTimeout', 'no')],
    ['no metadata', make('TopicMetadataNotLoaded', 'no', { topic: 'a' })],
    ['at a former leader', deletion('NOT_LEADER_FOR_PARTITION')],
    ['of another module', Object.assign(new Error('no'), { originalError: timedOut })],
    ['known already', historyErrorOf(closed, 'chat')],
  ])('ask again: %s', (_, error) => {
    expect(isStale(error)).toBe(true)
  })

  test.each<[name: string, error: unknown]>([
    ['too large', answer('MESSAGE_TOO_LARGE')],
    ['no right', answer('TOPIC_AUTHORIZATION_FAILED')],
    ['one of several without right', deletion('NOT_LEADER_FOR_PARTITION', 'TOPIC_AUTHORIZATION_FAILED')],
    ['sequence', answer('OUT_OF_ORDER_SEQUENCE_NUMBER')],
    ['log moved', answer('OFFSET_OUT_OF_RANGE')],
    ['wrong password', signIn('Authentication failed')],
    ['certificate', exceeded(connection('Connection error: x', 'CERT_HAS_EXPIRED'))],
    ['no PEM', connection('Failed to connect: error:0480006C:PEM routines::no start line')],
    ['codec', make('NotImplemented', 'LZ4 compression not implemented')],
    ['a bug', new TypeError('x is not a function')],
    ['known already', new HistoryError('no', { code: 'NOT_SET_UP' })],
    ['nothing', undefined],
  ])('do not ask again: %s', (_, error) => {
    expect(isStale(error)).toBe(false)
  })

  test('whose connection is of no use', () => {
    for (const error of [refused, closed, notConnected, exceeded(closed), signIn('Closed connection')])
      expect(isConnectionError(error)).toBe(true)
    for (const error of [timedOut, answer('NETWORK_EXCEPTION'), signIn('Authentication failed'), new Error('no'), undefined])
      expect(isConnectionError(error)).toBe(false)
  })

  test('the types are found behind wrappers and in lists', () => {
    expect(typeOf(notRetriable(exceeded(answer('LEADER_NOT_AVAILABLE'))))).toBe('LEADER_NOT_AVAILABLE')
    expect(typeOf(creation('TOPIC_ALREADY_EXISTS'))).toBe('TOPIC_ALREADY_EXISTS')
    expect(typesOf(deletion('NOT_LEADER_FOR_PARTITION', 'POLICY_VIOLATION'))).toEqual([
      'NOT_LEADER_FOR_PARTITION',
      'POLICY_VIOLATION',
    ])
    expect(typeOf(closed)).toBeUndefined()
    expect(typesOf(undefined)).toEqual([])
  })

  test('an unknown topic, a moved log and a lost count are told apart', () => {
    const predicates = [isUnknownTopic, isOutOfRange, isOutOfSequence]
    const answers = (error: unknown) => predicates.map(holds => holds(error))
    expect(answers(answer('UNKNOWN_TOPIC_OR_PARTITION'))).toEqual([true, false, false])
    expect(answers(make('OffsetOutOfRange', answer('OFFSET_OUT_OF_RANGE'), {}))).toEqual([false, true, false])
    for (const type of OUT_OF_SEQUENCE_ANSWERS) expect(answers(answer(type))).toEqual([false, false, true])
    expect(answers(refused)).toEqual([false, false, false])
  })

  test('the errors of another copy of kafkajs count as well', () => {
    expect(isStale(Object.assign(new Error('Closed connection'), { name: 'KafkaJSConnectionClosedError' }))).toBe(true)
  })
})

describe('as kafkajs really gives them', () => {
  async function errorOf(
    onConnection: ((socket: Socket) => void) | undefined,
    options: Partial<KafkaConfig> = {},
  ): Promise<unknown> {
    const server = createServer(socket => {
      socket.on('error', () => undefined).resume()
      onConnection?.(socket)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const close = () => new Promise(resolve => server.close(resolve))
    if (onConnection === undefined) await close()
    const kafka = new kafkajs.Kafka({
      brokers: [`localhost:${port}`],
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries: 0 },
      ...options,
    })
    try {
      return await kafka.admin().connect()
    } catch (error) {
      return error
    } finally {
      if (onConnection !== undefined) await close()
    }
  }

  const cases: [
    name: string,
    expected: string,
    onConnection?: ((socket: Socket) => void) | undefined,
    options?: Partial<KafkaConfig>,
  ][] = [
    ['nobody listens', 'UNAVAILABLE, retryable, failed'],
    ['closed', 'UNAVAILABLE, retryable, unknown', socket => socket.once('data', () => socket.end())],
    ['reset', 'UNAVAILABLE, retryable, unknown', socket => socket.once('data', () => socket.resetAndDestroy())],
    [
      'TLS is not spoken',
      'INVALID_CONFIGURATION, final, failed',
      socket => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      { ssl: true },
    ],
    ['no TLS after all', 'UNAVAILABLE, retryable, failed', socket => socket.destroy(), { ssl: true }],
    [
      'TLS hangs',
      'UNAVAILABLE, retryable, failed',
      socket => setTimeout(() => socket.destroy(), 500),
      { ssl: true, connectionTimeout: 50 },
    ],
    ['no key', 'INVALID_CONFIGURATION, final, failed', socket => socket.end(), { ssl: { key: 'hunter2' } }],
    ['no such port', 'INVALID_CONFIGURATION, final, failed', undefined, { brokers: ['localhost'] }],
  ]

  test.each(cases)('%s', async (_, expected, onConnection, options) => {
    const error = await errorOf(onConnection, options)
    expect(meaning(error), String(error)).toBe(expected)
    expect(isStale(error)).toBe(expected.startsWith('UNAVAILABLE'))
  })
})
