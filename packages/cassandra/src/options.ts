import { argumentError, type Clock, type HistoryStoreOptions, type OnWarning } from '@hist/core'
import {
  checkOptions,
  duration,
  having,
  integer,
  type OptionCheck,
  type OptionChecks,
  oneOf,
  refuseBeside,
  storeChecks,
  systemClock,
  warningListener,
} from '@hist/core/backend'
import type { CassandraClientLike } from './client.js'

/** How many replicas must answer a read or take a write. */
export type CassandraConsistency = 'LOCAL_QUORUM' | 'QUORUM' | 'ALL' | 'ONE' | 'TWO' | 'THREE' | 'LOCAL_ONE'

/** Where the messages are, and how they are stored there. */
export interface CassandraTableOptions extends HistoryStoreOptions {
  /**
   * The keyspace. Never made here: its replication is the operator's decision. A letter, then up to 47 letters, digits and `_`; CQL
   * lower-cases it. A name with capitals is written with its quotes: `'"Name"'`. @default the injected client's own, else required
   */
  keyspace?: string | undefined
  /** The table; names as for `keyspace`. @default 'message_store' */
  tableName?: string | undefined
  /**
   * `'cassio'`: the table of Python's class, which both read and write. `'community'`: reads the table of the JavaScript class of
   * `@langchain/community`; appends and clears are `UNSUPPORTED`. @default 'cassio'
   */
  layout?: 'cassio' | 'community' | undefined
  /** Messages expire so many seconds after their append, 1 … 630,720,000. @default never */
  ttlSeconds?: number | undefined
  /** Replicas that every read and every write waits for. Below a quorum a read may miss what was just appended. @default 'LOCAL_QUORUM' */
  consistency?: CassandraConsistency | undefined
  /**
   * `'precise'`: a clear removes what it sees, whatever the clocks of the writers say. `'partition'`: one `DELETE` by this machine's clock, for
   * servers that refuse `USING TIMESTAMP`; with unequal clocks it leaves messages, or hides later ones. @default 'precise'
   */
  clearMode?: 'precise' | 'partition' | undefined
  /** Largest message, in UTF-8 bytes of its JSON text, 1 … 16,773,120. At most half of the nodes' `commitlog_segment_size`. @default 8_388_608 */
  maxMessageBytes?: number | undefined
  /**
   * Who makes the table. `'sync'`: the first call makes it and waits. `'async'`: it is made in the background from the start, and the
   * first call waits for that. `'off'`: nobody, a missing one is `NOT_SET_UP`. @default 'sync'
   */
  setupMode?: 'sync' | 'async' | 'off' | undefined
  /** How long connecting, and setting up the table, may take, in milliseconds, 1 … 2,147,483,647. @default 60_000 */
  setupTimeoutMs?: number | undefined
  /** CQL added to our `CREATE TABLE … AND`, such as `compaction = {'class': 'UnifiedCompactionStrategy'}`. @default none */
  tableOptions?: string | undefined
}

interface NoOwnClient {
  contactPoints?: never
  port?: never
  localDataCenter?: never
  credentials?: never
  sslOptions?: never
  cloud?: never
}

/** A client of the app's own. It is never closed here, and its policies work inside the deadline. */
export interface InjectedClientOptions extends NoOwnClient {
  /** A `Client` of `cassandra-driver`. */
  client: CassandraClientLike
}

/** Settings of a client that is made at the first call and closed with the store. */
export interface OwnClientOptions
  extends Omit<NoOwnClient, 'contactPoints' | 'port' | 'localDataCenter' | 'credentials' | 'sslOptions'> {
  client?: never
  /** Addresses or names of some nodes, with `:port` if it is not `port`. @default ['127.0.0.1'] */
  contactPoints?: readonly string[] | undefined
  /** Native port of the nodes. @default 9042 */
  port?: number | undefined
  /** Data centre of the nodes to talk to. Required with `contactPoints`. @default 'datacenter1' */
  localDataCenter?: string | undefined
  credentials?: CassandraCredentials | undefined
  /** Switches TLS on: options of Node's `tls.connect`. Certificates are checked unless `rejectUnauthorized` is false. @default no TLS */
  sslOptions?: CassandraTlsOptions | undefined
}

/** Settings of a client for DataStax Astra, made at the first call and closed with the store. */
export interface CloudClientOptions extends Omit<NoOwnClient, 'cloud' | 'credentials'> {
  client?: never
  /** The secure connect bundle: path or URL of the zip file. */
  cloud: { readonly secureConnectBundle: string | URL }
  /** `{ username: 'token', password: 'AstraCS:…' }` */
  credentials?: CassandraCredentials | undefined
}

export interface CassandraCredentials {
  readonly username: string
  readonly password: string
}

/** Of Node's `tls.connect`; described here because an app need not have Node's types. */
export interface CassandraTlsOptions {
  /** Certificates of the authorities that are trusted, in PEM. @default Node's */
  readonly ca?: unknown
  readonly cert?: unknown
  readonly key?: unknown
  readonly passphrase?: string | undefined
  /** @default true */
  readonly rejectUnauthorized?: boolean | undefined
  readonly [option: string]: unknown
}

/** Options of `createCassandraHistory` and, beside `sessionId` and `window`, of `CassandraChatMessageHistory`. */
export type CassandraOptions = CassandraTableOptions & (InjectedClientOptions | OwnClientOptions | CloudClientOptions)

/** The options with their defaults, without the client's. @internal */
export interface TableSettings {
  readonly keyspace: string
  readonly tableName: string
  readonly ttlSeconds: number | undefined
  readonly consistency: CassandraConsistency
  readonly clearMode: 'precise' | 'partition'
  readonly maxMessageBytes: number
  readonly setupMode: 'sync' | 'async' | 'off'
  readonly setupTimeoutMs: number
  readonly tableOptions: string | undefined
  readonly clock: Clock
  readonly onWarning: OnWarning
}

const OWNER = '@hist/cassandra'
const PASS_A_CLIENT = 'pass a client that has it'
const FOR_ASTRA = "the names here are cloud: { secureConnectBundle } and credentials: { username: 'token', password }"

/** What to use instead of the names of other classes: Python's, and those of the JavaScript community class. */
const HINTS: Readonly<Record<string, string>> = {
  session: 'the name here is client',
  session_id: 'the name here is sessionId',
  table_name: 'the name here is tableName',
  ttl_seconds: 'the name here is ttlSeconds',
  setup_mode: "the name here is setupMode: 'sync', 'async' or 'off'",
  table: "the name here is tableName; that class's tables are read with layout: 'community'",
  ttl: 'the name here is ttlSeconds',
  serviceProviderArgs: FOR_ASTRA,
  protocolOptions: 'the name here is port',
  localDatacenter: 'the name here is localDataCenter',
  username: 'the name here is credentials: { username, password }',
  password: 'the name here is credentials: { username, password }',
  queryOptions: 'the name here is consistency',
  authProvider: PASS_A_CLIENT,
  policies: PASS_A_CLIENT,
  pooling: PASS_A_CLIENT,
  socketOptions: PASS_A_CLIENT,
  sessionId: 'a store has many sessions: store.session(sessionId)',
}

const name: OptionCheck = {
  be: 'a letter and up to 47 letters, digits and _, or 1 to 48 of them in double quotes',
  holds: value => typeof value === 'string' && /^([A-Za-z]\w{0,47}|"\w{1,48}")$/.test(value),
}

const text: OptionCheck = { be: 'a text that is not empty', holds: value => typeof value === 'string' && value !== '' }

function fields(be: string, holds: (value: Record<string, unknown>) => boolean): OptionCheck {
  return { be, holds: value => typeof value === 'object' && value !== null && holds(value as Record<string, unknown>) }
}

const checks: OptionChecks = {
  ...storeChecks,
  keyspace: name,
  tableName: name,
  layout: oneOf('cassio', 'community'),
  // The server's own limit: 20 years.
  ttlSeconds: integer(1, 630_720_000),
  consistency: oneOf('LOCAL_QUORUM', 'QUORUM', 'ALL', 'ONE', 'TWO', 'THREE', 'LOCAL_ONE'),
  clearMode: oneOf('precise', 'partition'),
  // A request of over 16 MiB is refused, and some of it is not the message.
  maxMessageBytes: integer(1, 16 * 1_024 * 1_024 - 4_096),
  setupMode: oneOf('sync', 'async', 'off'),
  setupTimeoutMs: duration,
  tableOptions: {
    be: 'table options in CQL, without a semicolon',
    holds: value => typeof value === 'string' && /^[^;]*[^;\s][^;]*$/.test(value),
  },
  client: having('execute', 'a Client of cassandra-driver'),
  contactPoints: {
    be: 'addresses of nodes, at least one',
    holds: value => Array.isArray(value) && value.length > 0 && value.every(point => text.holds(point)),
  },
  port: integer(1, 65_535),
  localDataCenter: text,
  credentials: fields('{ username, password }', ({ username, password }) => text.holds(username) && typeof password === 'string'),
  sslOptions: fields('options of tls.connect', () => true),
  cloud: fields(
    '{ secureConnectBundle }',
    ({ secureConnectBundle: bundle }) => text.holds(bundle) || (bundle instanceof URL && bundle.href !== ''),
  ),
}

/** @throws TypeError naming the option */
export function checkCassandraOptions(options: CassandraOptions): void {
  checkOptions(OWNER, options, checks, HINTS)
  const { client, cloud, contactPoints, port, localDataCenter, credentials, sslOptions } = options
  const nodes = { contactPoints, port, localDataCenter, sslOptions }
  if (client !== undefined) refuseBeside(OWNER, 'client', { ...nodes, credentials, cloud })
  if (cloud !== undefined) refuseBeside(OWNER, 'cloud', nodes)
  if (contactPoints !== undefined && localDataCenter === undefined)
    throw argumentError(`${OWNER}: localDataCenter is missing; with contactPoints it is required`)
  if (options.keyspace === undefined && !name.holds(client?.keyspace)) throw argumentError(`${OWNER}: keyspace is missing`)
  if (options.layout !== 'community') return
  const { ttlSeconds, clearMode, tableOptions } = options
  refuseBeside(OWNER, "layout 'community', which is only read,", { ttlSeconds, clearMode, tableOptions })
}

/** @internal */
export function tableSettings(options: CassandraOptions): TableSettings {
  return {
    keyspace: options.keyspace ?? options.client?.keyspace ?? '',
    tableName: options.tableName ?? 'message_store',
    ttlSeconds: options.ttlSeconds,
    consistency: options.consistency ?? 'LOCAL_QUORUM',
    clearMode: options.clearMode ?? 'precise',
    maxMessageBytes: options.maxMessageBytes ?? 8 * 1_024 * 1_024,
    setupMode: options.setupMode ?? 'sync',
    setupTimeoutMs: options.setupTimeoutMs ?? 60_000,
    tableOptions: options.tableOptions,
    clock: options.clock ?? systemClock,
    onWarning: warningListener(options.onWarning),
  }
}
