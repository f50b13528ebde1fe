import { argumentError, type Clock, type HistoryStoreOptions } from '@hist/core'
import {
  checkOptions,
  having,
  integer,
  type OptionCheck,
  type OptionChecks,
  oneOf,
  refuseBeside,
  storeChecks,
  systemClock,
} from '@hist/core/backend'
import type { KafkaConfig } from 'kafkajs'
import { type KafkaClientLike, REQUEST_TIMEOUT_MS } from './client.js'

/** What the topics of sessions are called, and how they are made and cleared. */
export interface KafkaTopicOptions extends HistoryStoreOptions {
  /**
   * Put before the name of every topic, up to 181 letters, digits, `.`, `_` and `-`; not `_`, and not starting with `__`. Without one, a
   * session id that a user chose can be the name of any topic: `orders` would read, fill and clear the topic `orders`. @default ''
   */
  topicPrefix?: string | undefined
  /**
   * How long Kafka keeps messages, in milliseconds, at least 1; -1: for ever. It becomes `retention.ms` of the topics that are made here, and
   * never changes a topic that exists. If it is given, messages also carry their expiry and are read no longer than that: Kafka
   * deletes whole segments, days later. @default 604_800_000 (7 days, as Python's class)
   */
  ttlMs?: number | undefined
  /** Copies of the topics that are made here, at most the number of brokers, 1 … 32,767; -1: as the brokers are set. @default -1 */
  replicationFactor?: number | undefined
  /** Partitions of the topics that are made here, at least 1. Messages are written to the first, whatever their number. @default 1 */
  partition?: number | undefined
  /**
   * `'truncate'`: a clear empties the topic. `'delete-topic'`: it deletes the topic, as Python's class, and the next append makes it again;
   * only with a `topicPrefix`. @default 'truncate'
   */
  clearMode?: 'truncate' | 'delete-topic' | undefined
  /**
   * Who makes a session's topic. `'sync'`: its first append. `'async'`: the same, as there is nothing to make before. `'off'`: nobody, and an
   * append to a missing one is `NOT_SET_UP`. A read makes none. @default 'sync'
   */
  setupMode?: 'sync' | 'async' | 'off' | undefined
  /** More settings of the topics that are made here, such as `{ 'min.insync.replicas': 2 }`. @default { 'retention.bytes': -1 } */
  topicConfig?: Readonly<Record<string, string | number | boolean>> | undefined
  /** The `max.message.bytes` of the topics, 65,536 … 67,108,864: how large an append can be as a whole. @default 1_048_588 (the brokers') */
  maxMessageBytes?: number | undefined
}

/** A client of the app's own. It is never closed here, only the connections that are made over it. */
export interface InjectedClientOptions {
  /** A `Kafka` of kafkajs. */
  client: KafkaClientLike
  bootstrapServers?: never
  clientOptions?: never
}

/** Settings of a client that is made here and closed with the store. */
export interface OwnClientOptions {
  client?: never
  /** Addresses of some brokers: `'host:port,host:port'`, or a list of `'host:port'`. */
  bootstrapServers: string | readonly string[]
  /** Other settings of kafkajs, such as `ssl` and `sasl`. @default { logLevel: NOTHING, requestTimeout: 15_000 } */
  clientOptions?: Omit<KafkaConfig, 'brokers'> | undefined
}

/** Options of `createKafkaHistory` and, beside `sessionId` and `window`, of `KafkaChatMessageHistory`. */
export type KafkaOptions = KafkaTopicOptions & (InjectedClientOptions | OwnClientOptions)

/** The options with their defaults, without the client's. @internal */
export interface TopicSettings {
  readonly topicPrefix: string
  readonly ttlMs: number
  /** Messages carry their expiry: of those by default, only the brokers decide. */
  readonly expires: boolean
  readonly replicationFactor: number
  readonly partitionCount: number
  readonly clearMode: 'truncate' | 'delete-topic'
  readonly setupMode: 'sync' | 'async' | 'off'
  readonly topicConfig: Readonly<Record<string, string | number | boolean>>
  readonly maxMessageBytes: number
  readonly requestTimeoutMs: number
  readonly clock: Clock
}

const OWNER = '@hist/kafka'
const TO_CLIENT_OPTIONS = 'kafkajs takes it in clientOptions'
const OWN_TOPIC = 'each session has its own topic, and topicPrefix is put before their names'
const NO_GROUP = 'no consumer group is joined'

/** What to use instead of the names of other classes: Python's, kafkajs's, and those of Kafka itself. */
const HINTS: Readonly<Record<string, string>> = {
  session_id: 'the name here is sessionId',
  sessionId: 'a store has many sessions: store.session(sessionId)',
  bootstrap_servers: 'the name here is bootstrapServers',
  'bootstrap.servers': 'the name here is bootstrapServers',
  brokers: 'the name here is bootstrapServers',
  ttl_ms: 'the name here is ttlMs',
  ttlSeconds: 'the name here is ttlMs, in milliseconds',
  'retention.ms': 'the name here is ttlMs',
  replication_factor: 'the name here is replicationFactor',
  partitions: 'the name here is partition',
  numPartitions: 'the name here is partition',
  configEntries: 'the name here is topicConfig: { name: value }',
  topic: OWN_TOPIC,
  topicName: OWN_TOPIC,
  groupId: NO_GROUP,
  'group.id': NO_GROUP,
  kafka: 'the name here is client',
  ...Object.fromEntries(
    [
      'ssl',
      'sasl',
      'clientId',
      'connectionTimeout',
      'authenticationTimeout',
      'reauthenticationThreshold',
      'requestTimeout',
      'enforceRequestTimeout',
      'retry',
      'socketFactory',
      'logLevel',
      'logCreator',
    ].map(name => [name, TO_CLIENT_OPTIONS]),
  ),
}

const integerOrMinusOne = (be: string, positive: OptionCheck): OptionCheck => ({
  be: `${positive.be}, or -1 ${be}`,
  holds: value => value === -1 || positive.holds(value),
})

const record = (be: string, holds: (value: Record<string, unknown>) => boolean): OptionCheck => ({
  be,
  holds: value => typeof value === 'object' && value !== null && !Array.isArray(value) && holds(value as Record<string, unknown>),
})

const checks: OptionChecks = {
  ...storeChecks,
  // `_` and a session id that starts with `_` would make the name of an internal topic.
  topicPrefix: {
    be: 'up to 181 letters, digits, ".", "_" and "-", not "_" and not starting with "__" (those topics are Kafka\'s own)',
    holds: value => typeof value === 'string' && /^(?!_$|__)[\w.-]{0,181}$/.test(value),
  },
  ttlMs: integerOrMinusOne('(no expiry)', integer(1)),
  replicationFactor: integerOrMinusOne("(the brokers' default)", integer(1, 32_767)),
  partition: integer(1, 2_147_483_647),
  clearMode: oneOf('truncate', 'delete-topic'),
  setupMode: oneOf('sync', 'async', 'off'),
  topicConfig: record('settings of a topic, { name: text, number or boolean }', value =>
    Object.values(value).every(setting => ['string', 'number', 'boolean'].includes(typeof setting)),
  ),
  maxMessageBytes: integer(64 * 1_024, 64 * 1_024 * 1_024),
  client: having('consumer', 'a Kafka of kafkajs'),
  bootstrapServers: {
    be: "'host:port,host:port' or a list of 'host:port', at least one, without a scheme",
    holds: value =>
      (typeof value === 'string' || (Array.isArray(value) && value.length > 0)) && addressesIn(value).every(isAddress),
  },
  clientOptions: record("kafkajs's settings, without brokers: those are bootstrapServers", value => value.brokers === undefined),
}

/** @throws TypeError naming the option */
export function checkKafkaOptions(options: KafkaOptions): void {
  checkOptions(OWNER, options, checks, HINTS)
  const { client, bootstrapServers, clientOptions, clearMode, topicPrefix = '', topicConfig = {} } = options
  if (client !== undefined) refuseBeside(OWNER, 'client', { bootstrapServers, clientOptions })
  if (client === undefined && bootstrapServers === undefined)
    throw argumentError(`${OWNER}: bootstrapServers is missing; without a client it is required`)
  if (clearMode === 'delete-topic' && topicPrefix === '')
    throw argumentError(
      `${OWNER}: clearMode 'delete-topic' needs a topicPrefix; without one, clearing a session that a user named 'orders' would delete the topic orders`,
    )
  if ('retention.ms' in topicConfig)
    throw argumentError(`${OWNER}: topicConfig must not have retention.ms; the name here is ttlMs, which messages carry as well`)
  const policy = topicConfig['cleanup.policy']
  if (policy !== undefined && policy !== 'delete')
    throw argumentError(
      `${OWNER}: topicConfig's cleanup.policy must be 'delete'; compaction would remove messages, which have no keys`,
    )
}

/** The addresses of `bootstrapServers`, as kafkajs takes them. @internal */
export function addressesIn(bootstrapServers: string | readonly string[]): string[] {
  const parts = typeof bootstrapServers === 'string' ? bootstrapServers.split(',') : bootstrapServers
  return parts.map(part => (typeof part === 'string' ? part.trim() : part))
}

/** kafkajs splits at the first colon: an IPv6 address has no form that it takes. */
function isAddress(value: unknown): boolean {
  const [, port] = (typeof value === 'string' && /^[^\s:,/[\]]+:(\d{1,5})$/.exec(value)) || []
  return Number(port) >= 1 && Number(port) <= 65_535
}

/** @internal */
export function topicSettings(options: KafkaOptions): TopicSettings {
  return {
    topicPrefix: options.topicPrefix ?? '',
    ttlMs: options.ttlMs ?? 604_800_000,
    expires: options.ttlMs !== undefined && options.ttlMs !== -1,
    replicationFactor: options.replicationFactor ?? -1,
    partitionCount: options.partition ?? 1,
    clearMode: options.clearMode ?? 'truncate',
    setupMode: options.setupMode ?? 'sync',
    topicConfig: { ...options.topicConfig },
    maxMessageBytes: options.maxMessageBytes ?? 1_048_588,
    requestTimeoutMs: options.clientOptions?.requestTimeout ?? REQUEST_TIMEOUT_MS,
    clock: options.clock ?? systemClock,
  }
}
