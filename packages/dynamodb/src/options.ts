import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import type { Clock, HistoryStoreOptions } from '@hist/core'
import { systemClock } from '@hist/core/backend'
import type { DynamoDBClientLike } from './client.js'

/** Where the messages are, whatever the layout. */
export interface TableOptions extends HistoryStoreOptions {
  /** The table: 3 to 255 characters of `A-Z a-z 0-9 _ . -`. */
  tableName: string
  /**
   * Messages expire so many seconds after their append, ≥ 1, and reads leave them out from then on. In layout `'list'` the whole session
   * does, so many seconds after its last append. @default never
   */
  ttlSeconds?: number | undefined
  /** Name of the attribute that holds the time of expiry, in seconds since 1970. Not empty, at most 255 bytes. @default 'expireAt' */
  ttlKeyName?: string | undefined
  /** Whether reads see every append that was acknowledged before. `false` halves what a read costs and gives that up. @default true */
  consistentRead?: boolean | undefined
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

/** One item for each append: no ceiling for a session, and what an append costs does not depend on its length. */
export interface ItemsLayoutOptions extends TableOptions {
  /** How a session lies in the table. @default 'items' */
  layout?: 'items' | undefined
  /** Name of the table's hash key, of type S: it holds the session id. Not empty, at most 255 bytes. @default 'SessionId' */
  primaryKeyName?: string | undefined
  /** Name of the table's range key, of type S: it holds the append's id. Not empty, at most 255 bytes. @default 'SK' */
  sortKeyName?: string | undefined
  /** Compress an item with gzip where that makes it cheaper. `false` keeps new items readable in the AWS console. @default true */
  compress?: boolean | undefined
  historyMessagesKey?: never
  historySize?: never
  key?: never
}

/** An item's whole primary key: attribute names and texts. */
export type DynamoDBKey = Readonly<Record<string, string>>

interface ListOptions extends TableOptions {
  /** `'list'`: one item for each session, as Python's `DynamoDBChatMessageHistory` has it. At most 400 KB. */
  layout: 'list'
  /** Name of the attribute that holds the list of messages. Not empty, at most 255 bytes. @default 'History' */
  historyMessagesKey?: string | undefined
  /** Every append leaves the newest so many messages, ≥ 1, and deletes the others. @default all are kept */
  historySize?: number | undefined
  sortKeyName?: never
  compress?: never
}

/** The item's key is the session id, in this attribute. */
interface HashKeyOptions {
  /** Name of the table's hash key, of type S: it holds the session id. Not empty, at most 255 bytes. @default 'SessionId' */
  primaryKeyName?: string | undefined
  key?: never
}

/** The item's key is another one, for example of a table with a range key. */
interface OtherKeyOptions<Key> {
  /**
   * The session's whole primary key: of a store a function of the session id, such as `id => ({ SessionId: id, UserID: 'u1' })`; of a
   * `DynamoDBChatMessageHistory` also the key itself. Its attributes are of type S. Not together with `primaryKeyName`, or a `setupMode`
   * but `'off'`. @default the session id in the attribute `primaryKeyName`
   */
  key: Key
  primaryKeyName?: never
}

type SessionKey = (sessionId: string) => DynamoDBKey

/** One item for each session: what Python's class and the JavaScript community class wrote is read, and Python's class reads ours. */
export type ListLayoutOptions<Key = SessionKey> = ListOptions & (HashKeyOptions | OtherKeyOptions<Key>)

/** Where the messages are, and how they are stored there. */
export type DynamoDBTableOptions<Key = SessionKey> = ItemsLayoutOptions | ListLayoutOptions<Key>

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

/** Options of `createDynamoDBHistory`. */
export type DynamoDBOptions<Key = SessionKey> = DynamoDBTableOptions<Key> & (InjectedClientOptions | OwnClientOptions)

/** Options of `DynamoDBChatMessageHistory`, beside `sessionId` and `window`: its `key` may be the key itself. */
export type DynamoDBSessionOptions = DynamoDBOptions<SessionKey | DynamoDBKey>

/** The options that both layouts have, with their defaults, without the client's. @internal */
export interface TableSettings {
  readonly layout: 'items' | 'list'
  readonly tableName: string
  readonly primaryKeyName: string
  readonly ttlSeconds: number | undefined
  readonly ttlKeyName: string
  readonly consistentRead: boolean
  readonly setupMode: 'sync' | 'async' | 'off'
  readonly setupTimeoutMs: number
  readonly clock: Clock
}

/** @internal */
export interface ItemsSettings extends TableSettings {
  readonly sortKeyName: string
  readonly compress: boolean
}

/** @internal */
export interface ListSettings extends TableSettings {
  readonly historyMessagesKey: string
  readonly historySize: number | undefined
  readonly key: SessionKey | undefined
}

function tableSettings(options: DynamoDBTableOptions): TableSettings {
  return {
    layout: options.layout ?? 'items',
    tableName: options.tableName,
    primaryKeyName: options.primaryKeyName ?? 'SessionId',
    ttlSeconds: options.ttlSeconds,
    ttlKeyName: options.ttlKeyName ?? 'expireAt',
    consistentRead: options.consistentRead ?? true,
    setupMode: options.setupMode ?? 'off',
    setupTimeoutMs: options.setupTimeoutMs ?? 60_000,
    clock: options.clock ?? systemClock,
  }
}

/** @internal */
export function itemsSettings(options: DynamoDBTableOptions): ItemsSettings {
  return { ...tableSettings(options), sortKeyName: options.sortKeyName ?? 'SK', compress: options.compress ?? true }
}

/** @internal */
export function listSettings(options: DynamoDBTableOptions): ListSettings {
  const { historyMessagesKey = 'History', historySize, key } = options
  return { ...tableSettings(options), historyMessagesKey, historySize, key }
}
