import type {
  BackendSupports,
  Call,
  EncodedBatch,
  HistoryBackend,
  RawSlice,
  ReadRange,
  SessionLister,
  SessionSlice,
} from '@hist/core'
import { Once } from '@hist/core/backend'
import { append } from './append.js'
import { clear } from './clear.js'
import { type OpenClient, openClient } from './client.js'
import { checkDynamoDBOptions, type DynamoDBOptions, type TableSettings, tableSettings } from './options.js'
import { read } from './read.js'
import { checkKeys, setUpTable } from './schema.js'
import { sessions } from './sessions.js'
import { Table } from './table.js'

const SUPPORTS: BackendSupports = {
  durable: true,
  // Any size becomes visible by the put of one item, so no append is ever cut and half of one is never seen.
  atomicAppend: { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
  idempotency: 'always',
  ttl: 'message',
  clear: 'gradual',
  sessions: true,
  // No limit of the server: an append is held in memory and costs a write unit for each KiB.
  maxMessageBytes: 16 * 1_024 * 1_024,
  maxSessionBytes: Number.POSITIVE_INFINITY,
  maxDepth: 500,
}

/** Histories in a DynamoDB table, one item for each append. What `createDynamoDBHistory` makes its store of. */
export class DynamoDBBackend implements HistoryBackend, SessionLister {
  readonly name = 'dynamodb'
  readonly layout = 'items'
  readonly supports = SUPPORTS
  readonly #options: DynamoDBOptions
  readonly #settings: TableSettings
  readonly #setUp: Once<void>
  readonly #keys: Once<void>
  #probedSession = ''
  #open: (OpenClient & { readonly table: Table }) | undefined

  /**
   * No I/O; the first call opens a client and, unless `setupMode` is `'off'`, makes the table.
   * @throws TypeError naming an unknown or wrong option
   */
  constructor(options: DynamoDBOptions) {
    checkDynamoDBOptions(options)
    this.#options = { ...options }
    this.#settings = tableSettings(options)
    const { setupTimeoutMs } = this.#settings
    this.#setUp = new Once(setupTimeoutMs, call => setUpTable(this.#table(), call))
    this.#keys = new Once(setupTimeoutMs, call => checkKeys(this.#table(), this.#probedSession, call))
  }

  /** Begins `setupMode: 'async'` without waiting for it; in the other modes nothing. */
  setUpInBackground(): void {
    if (this.#settings.setupMode === 'async') this.#setUp.beginInBackground()
  }

  async append(session: string, batch: EncodedBatch, call: Call): Promise<void> {
    const table = await this.#ready(call)
    await this.#checkKeys(session, call)
    await append(table, session, batch, call)
  }

  async read(session: string, range: ReadRange, call: Call): Promise<RawSlice> {
    return read(await this.#ready(call), session, range, call)
  }

  async clear(session: string, call: Call): Promise<{ observed?: bigint }> {
    return clear(await this.#ready(call), session, call)
  }

  /** Reads the whole table, whatever the prefix. */
  async sessions(range: { readonly prefix?: string; readonly after?: string }, call: Call): Promise<SessionSlice> {
    const table = await this.#ready(call)
    // A Scan of a table with other keys would find nothing, and not fail.
    if (range.after === undefined) await this.#checkKeys(range.prefix ?? 'any', call)
    return sessions(table, range, call)
  }

  async close(): Promise<void> {
    this.#open?.table.close()
    this.#open?.close()
  }

  /** Looks at a session that the call is about, because permissions may be limited to some of them. */
  #checkKeys(session: string, call: Call): Promise<void> {
    this.#probedSession = session
    return this.#keys.get(call)
  }

  async #ready(call: Call): Promise<Table> {
    if (this.#settings.setupMode !== 'off') await this.#setUp.get(call)
    return this.#table()
  }

  #table(): Table {
    if (this.#open === undefined) {
      const opened = openClient(this.#options)
      this.#open = { ...opened, table: new Table(this.#settings, opened.client) }
    }
    return this.#open.table
  }
}
