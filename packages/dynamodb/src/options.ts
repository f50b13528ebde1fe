import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { argumentError, type Clock, type HistoryStoreOptions } from '@hist/core'
import {
  checkOptions,
  duration,
  flag,
  having,
  integer,
  type OptionCheck,
  type OptionChecks,
  oneOf,
  storeChecks,
  systemClock,
} from '@hist/core/backend'
import type { DynamoDBClientLike } from './client.js'

/** Where the messages are, and how they are stored there. */
export interface DynamoDBTableOptions extends HistoryStoreOptions {
  /** The table: 3 to 255 characters of `A-Z a-z 0-9 _ . -`. */
  tableName: string
  /** How a session lies in the table. `'items'`: one item for each append. @default 'items' */
  layout?: 'items' | undefined
  /** Name of the table's hash key, of type S: it holds the session id. Not empty, at most 255 bytes. @default 'SessionId' */
  primaryKeyName?: string | undefined
  /** Name of the table's range key, of type S: it holds the append's id. Not empty, at most 255 bytes. @default 'SK' */
  sortKeyName?: string | undefined
  /** Messages expire so many seconds after their append, ≥ 1. Reads leave them out from then on. @default never */
  ttlSeconds?: number | undefined
  /** Name of the attribute that holds the time of expiry, in seconds since 1970. Not empty, at most 255 bytes. @default 'expireAt' */
  ttlKeyName?: string | undefined
  /** Whether reads see every append that was acknowledged before. `false` halves what a read costs and gives that up. @default true */
  consistentRead?: boolean | undefined
  /** Compress an item with gzip where that makes it cheaper. `false` keeps new items readable in the AWS console. @default true */
  compress?: boolean | undefined
  /**
   * Who makes the table. `'off'`: nobody, a missing one is `NOT_SET_UP`. `'sync'`: the first call makes it and waits.
   * `'async'`: it is made in the background from the start, and the first call waits for that. @default 'off'
   */
  setupMode?: 'sync' | 'async' | 'off' | undefined
  /** How long setting up the table may take, in milliseconds, 1 … 2,147,483,647. @default 60_000 */
  setupTimeoutMs?: number | undefined
  /** Deadline of each call in milliseconds, 1 … 300,000, waiting and retries included. @default 10_000 */
  timeoutMs?: number | undefined
}

/** A client of the app's own. It is never closed here, and its retries run inside the deadline. */
export interface InjectedClientOptions {
  /** A `DynamoDBClient` of `@aws-sdk/client-dynamodb`. Not together with `endpointUrl`, `region` or `credentials`. */
  client: DynamoDBClientLike
  endpointUrl?: never
  region?: never
  credentials?: never
}

/** Settings of a client that is made at the first call and closed with the store. */
export interface OwnClientOptions {
  client?: never
  /** Address of the service, for example of a local server. @default the SDK's, from the region and the environment */
  endpointUrl?: string | undefined
  /** AWS region. @default the SDK's, from the environment and `~/.aws/config` */
  region?: string | undefined
  /** Access keys, or a function that provides them. @default the SDK's chain of providers */
  credentials?: NonNullable<DynamoDBClientConfig['credentials']> | undefined
}

/** Options of `createDynamoDBHistory` and, beside `sessionId` and `window`, of `DynamoDBChatMessageHistory`. */
export type DynamoDBOptions = DynamoDBTableOptions & (InjectedClientOptions | OwnClientOptions)

/** The options with their defaults, without the client's. @internal */
export interface TableSettings {
  readonly tableName: string
  readonly primaryKeyName: string
  readonly sortKeyName: string
  readonly ttlSeconds: number | undefined
  readonly ttlKeyName: string
  readonly consistentRead: boolean
  readonly compress: boolean
  readonly setupMode: 'sync' | 'async' | 'off'
  readonly setupTimeoutMs: number
  readonly clock: Clock
}

const OWNER = '@hist/dynamodb'
const LIST_ONLY = "belongs to layout 'list', which is not available in this version"
const NO_CLIENT_SIDE_KMS = "Python's client-side encryption has no JavaScript implementation; encrypt the table itself with KMS"

/** What to use instead of the names of other classes: Python's, and those of the JavaScript community class. */
const HINTS: Readonly<Record<string, string>> = {
  key: LIST_ONLY,
  historyMessagesKey: LIST_ONLY,
  historySize: `${LIST_ONLY}; read with window: { last } or messages({ last })`,
  partitionKey: 'the name here is primaryKeyName',
  sortKey: 'the name here is sortKeyName, the name of the range key',
  messageAttributeName: `the name here is historyMessagesKey, which ${LIST_ONLY}`,
  config: 'pass client, or endpointUrl, region and credentials',
  clientConfig: 'pass client, or endpointUrl, region and credentials',
  endpoint: 'the name here is endpointUrl',
  table: 'the name here is tableName',
  ttl: 'the name here is ttlSeconds',
  table_name: 'the name here is tableName',
  session_id: 'the name here is sessionId',
  endpoint_url: 'the name here is endpointUrl',
  primary_key_name: 'the name here is primaryKeyName',
  ttl_key_name: 'the name here is ttlKeyName',
  history_size: `the name here is historySize, which ${LIST_ONLY}; read with window: { last } or messages({ last })`,
  history_messages_key: `the name here is historyMessagesKey, which ${LIST_ONLY}`,
  boto3Session: 'pass a client',
  boto3_session: 'pass a client',
  kmsKeyId: NO_CLIENT_SIDE_KMS,
  kms_key_id: NO_CLIENT_SIDE_KMS,
  coerceFloatToDecimal: 'leave it out, numbers need no coercion here',
  coerce_float_to_decimal: 'leave it out, numbers need no coercion here',
  sessionId: 'a store has many sessions: store.session(sessionId)',
}

/** Attributes of both layouts' items: a table made for one can be used by the other. */
const OUR_ATTRIBUTES: readonly string[] = ['n', 'b', 'z', 'p', 'a', 'c', 'op0', 'op1', 'op2', 'op3', 'v', 'base']
const MAX_NAME_BYTES = 255

const attributeName: OptionCheck = {
  be: `a name of 1 to ${MAX_NAME_BYTES} bytes, none of ${OUR_ATTRIBUTES.join(' ')}`,
  holds(value) {
    if (typeof value !== 'string' || value === '' || !value.isWellFormed()) return false
    return Buffer.byteLength(value) <= MAX_NAME_BYTES && !OUR_ATTRIBUTES.includes(value)
  },
}

const checks: OptionChecks = {
  ...storeChecks,
  // A later layout recognises repeats for 11 minutes; no call may outlast that.
  timeoutMs: integer(1, 300_000),
  tableName: {
    be: '3 to 255 characters of A-Z a-z 0-9 _ . -',
    holds: value => typeof value === 'string' && /^[A-Za-z0-9_.-]{3,255}$/.test(value),
  },
  layout: { be: "'items'; 'list' is not available in this version", holds: value => value === 'items' },
  primaryKeyName: attributeName,
  sortKeyName: attributeName,
  ttlSeconds: integer(1),
  ttlKeyName: attributeName,
  consistentRead: flag,
  compress: flag,
  setupMode: oneOf('sync', 'async', 'off'),
  setupTimeoutMs: duration,
  client: having('send', 'a DynamoDBClient'),
  endpointUrl: { be: 'an http or https URL', holds: isHttpUrl },
  region: { be: 'the name of a region', holds: value => typeof value === 'string' && value !== '' },
  credentials: {
    be: 'access keys or a function that provides them',
    holds: value => typeof value === 'function' || (typeof value === 'object' && value !== null),
  },
}

function isHttpUrl(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
}

/** @throws TypeError naming the option */
export function checkDynamoDBOptions(options: DynamoDBOptions): void {
  checkOptions(OWNER, options, checks, HINTS)
  if (options.tableName === undefined) throw argumentError(`${OWNER}: tableName is missing`)
  const { primaryKeyName, sortKeyName, ttlKeyName } = tableSettings(options)
  const names = Object.entries({ primaryKeyName, sortKeyName, ttlKeyName })
  for (const [option, name] of names) {
    const twin = names.find(([other, otherName]) => other !== option && otherName === name)
    if (twin !== undefined) throw argumentError(`${OWNER}: ${option} and ${twin[0]} must differ`)
  }
  const { client, endpointUrl, region, credentials } = options
  const own = Object.entries({ endpointUrl, region, credentials }).find(([, value]) => value !== undefined)
  if (client !== undefined && own !== undefined) throw argumentError(`${OWNER}: client and ${own[0]} exclude each other`)
}

/** @internal */
export function tableSettings(options: DynamoDBOptions): TableSettings {
  return {
    tableName: options.tableName,
    primaryKeyName: options.primaryKeyName ?? 'SessionId',
    sortKeyName: options.sortKeyName ?? 'SK',
    ttlSeconds: options.ttlSeconds,
    ttlKeyName: options.ttlKeyName ?? 'expireAt',
    consistentRead: options.consistentRead ?? true,
    compress: options.compress ?? true,
    setupMode: options.setupMode ?? 'off',
    setupTimeoutMs: options.setupTimeoutMs ?? 60_000,
    clock: options.clock ?? systemClock,
  }
}
