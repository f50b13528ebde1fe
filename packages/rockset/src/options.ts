import type { Clock, HistoryStoreOptions } from '@hist/core'
import { systemClock } from '@hist/core/backend'
import type { RocksetClientLike } from './client.js'

/** Where the messages are, whatever the layout. */
export interface CollectionOptions extends HistoryStoreOptions {
  /** The collection: 1 to 2,048 characters of `A-Z a-z 0-9 _ - .`, without two dots in a row. */
  collection: string
  /** The collection's workspace, in the same characters; dots nest workspaces. It must exist. @default 'commons' */
  workspace?: string | undefined
  /**
   * Gives the stored copy of every message an `id` in its `additional_kwargs`, as Python's class does with `sync=True`. Every append waits
   * until it can be read, whether this is set or not. @default false
   */
  sync?: boolean | undefined
  /**
   * Makes the `id` for the `additional_kwargs` of the stored copy of each message, whether `sync` is set or not: a text or a finite number,
   * or the append is a `TypeError`.
   * @default with `sync`, the append's id and the message's index in it
   */
  messageUuidMethod?: (() => string | number) | undefined
  /** First pause between two questions whether a write can be read, in milliseconds, 1 … 60,000; it doubles up to 500. @default 5 */
  sleepIntervalMs?: number | undefined
  /** Deadline of each append in milliseconds, 1 … 2,147,483,647, where `timeoutMs` says nothing. @default 5_000 */
  addTimeoutMs?: number | undefined
  /** How long setting up the collection may take, in milliseconds, where `setupTimeoutMs` says nothing. @default 20_000 */
  createTimeoutMs?: number | undefined
  /**
   * Who makes the collection. `'sync'`: the first call makes a missing one and waits. `'async'`: it is made in the background from the start,
   * and the first call waits for that. `'off'`: nobody, a missing one is `NOT_SET_UP`. @default 'sync'
   */
  setupMode?: 'sync' | 'async' | 'off' | undefined
  /** How long setting up the collection may take, in milliseconds, 1 … 2,147,483,647. @default `createTimeoutMs` */
  setupTimeoutMs?: number | undefined
  /**
   * Of a collection that is made here: the server deletes a document so many seconds after it was first written, 3,600 … 315,359,999. In
   * layout `'session'` that is a whole session at once, that long after its first message, however new the others are. A collection that
   * exists keeps what it has. @default never
   */
  retentionSeconds?: number | undefined
}

/** One document for each session: what Python's class wrote is read, and Python's class reads ours. */
export interface SessionLayoutOptions extends CollectionOptions {
  /** How a session lies in the collection. @default 'session' */
  layout?: 'session' | undefined
  /** The document's member that holds the list of messages. Not empty, none of `_id _event_time _meta hist`. @default 'messages' */
  messagesKey?: string | undefined
  ttlSeconds?: never
  server?: never
}

/** One document for each message: what an append costs does not depend on the session's length. */
export interface MessageLayoutOptions extends CollectionOptions {
  layout: 'message'
  /** Messages expire so many seconds after their append, ≥ 1, and reads leave them out from then on; `clear` deletes them. @default never */
  ttlSeconds?: number | undefined
  /**
   * `'hist'`: `@hist/rockset-server`, where an append of several messages becomes visible as a whole; the first append asks the server for
   * that. `'rockset'`: any server with Rockset's API, where only one message does. @default 'hist'
   */
  server?: 'hist' | 'rockset' | undefined
  messagesKey?: never
}

/** Where the messages are, and how they are stored there. */
export type RocksetCollectionOptions = SessionLayoutOptions | MessageLayoutOptions

/** A client of the app's own. It stays as it is, and rounds integers beyond 2^53 that Python stored. */
export interface InjectedClientOptions {
  /** What `rockset(apiKey, host)` of `@rockset/client` returns. Not together with `apiKey` or `apiServer`. */
  client: RocksetClientLike
  apiKey?: never
  apiServer?: never
}

/** Settings of a client that is made at the first call. */
export interface OwnClientOptions {
  client?: never
  /** Sent with each request. Not empty, printable ASCII without spaces. */
  apiKey: string
  /** Address of the server: `http://127.0.0.1:4243`. There is no default: Rockset's cloud was switched off. */
  apiServer: string
}

/** Options of `createRocksetHistory`. */
export type RocksetOptions = RocksetCollectionOptions & (InjectedClientOptions | OwnClientOptions)

/** The options with their defaults, without the client's. @internal */
export interface CollectionSettings {
  readonly layout: 'session' | 'message'
  readonly workspace: string
  readonly collection: string
  readonly sync: boolean
  readonly messageUuidMethod: (() => string | number) | undefined
  readonly sleepIntervalMs: number
  readonly addTimeoutMs: number
  readonly setupMode: 'sync' | 'async' | 'off'
  readonly setupTimeoutMs: number
  readonly retentionSeconds: number | undefined
  readonly messagesKey: string
  readonly ttlSeconds: number | undefined
  readonly server: 'hist' | 'rockset'
  readonly clock: Clock
}

/** @internal */
export function collectionSettings(options: RocksetCollectionOptions): CollectionSettings {
  return {
    layout: options.layout ?? 'session',
    workspace: options.workspace ?? 'commons',
    collection: options.collection,
    sync: options.sync ?? false,
    messageUuidMethod: options.messageUuidMethod,
    sleepIntervalMs: options.sleepIntervalMs ?? 5,
    addTimeoutMs: options.addTimeoutMs ?? 5_000,
    setupMode: options.setupMode ?? 'sync',
    setupTimeoutMs: options.setupTimeoutMs ?? options.createTimeoutMs ?? 20_000,
    retentionSeconds: options.retentionSeconds,
    messagesKey: options.messagesKey ?? 'messages',
    ttlSeconds: options.ttlSeconds,
    server: options.server ?? 'hist',
    clock: options.clock ?? systemClock,
  }
}
