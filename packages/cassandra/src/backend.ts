import {
  argumentError,
  type BackendSupports,
  type Call,
  type EncodedBatch,
  type HistoryBackend,
  type RawSlice,
  type ReadRange,
  type SessionLister,
  type SessionSlice,
} from '@hist/core'
import { ticksOf } from '@hist/core/backend'
import { append } from './append.js'
import { clear, clearPartition } from './clear.js'
import { Connection } from './connection.js'
import type { CassandraOptions } from './options.js'
import { read } from './read.js'
import { setUpTable } from './schema.js'
import { sessions } from './sessions.js'

/** Histories in the table of cassio, one row for each message. What `createCassandraHistory` makes its store of. */
export class CassandraBackend implements HistoryBackend, SessionLister {
  readonly name = 'cassandra'
  readonly layout = 'cassio'
  readonly supports: BackendSupports
  readonly #connection: Connection
  /** Ticks of the newest append: no clear of ours may be written with an earlier time. */
  #newest = 0n

  /**
   * No I/O; the first call opens a client and, unless `setupMode` is `'off'`, makes the table.
   * @throws TypeError naming an unknown or wrong option
   */
  constructor(options: CassandraOptions) {
    if (options?.layout === 'community')
      throw argumentError("@hist/cassandra: layout 'community' is read by createCassandraHistory")
    this.#connection = new Connection(options, setUpTable)
    this.supports = {
      durable: true,
      // What one batch of one partition takes on every server: Keyspaces allows 100 statements.
      atomicAppend: { messages: 100, bytes: 1_024 * 1_024 },
      idempotency: 'always',
      ttl: 'message',
      clear: 'atomic',
      sessions: true,
      maxMessageBytes: this.#connection.settings.maxMessageBytes,
      maxSessionBytes: Number.POSITIVE_INFINITY,
      maxDepth: 500,
    }
  }

  /** Begins `setupMode: 'async'` without waiting for it; in the other modes nothing. */
  setUpInBackground(): void {
    this.#connection.openInBackground()
  }

  async append(session: string, batch: EncodedBatch, call: Call): Promise<void> {
    const ticks = ticksOf(batch.id)
    if (ticks > this.#newest) this.#newest = ticks
    await append(await this.#connection.table(call), session, batch, call)
  }

  async read(session: string, range: ReadRange, call: Call): Promise<RawSlice> {
    return read(await this.#connection.table(call), session, range, call)
  }

  async clear(session: string, call: Call): Promise<{ observed?: bigint }> {
    const table = await this.#connection.table(call)
    return table.settings.clearMode === 'precise'
      ? clear(table, session, call)
      : clearPartition(table, session, this.#newest, call)
  }

  /** Reads the keys of the whole table, whatever the prefix. */
  async sessions(range: { readonly prefix?: string; readonly after?: string }, call: Call): Promise<SessionSlice> {
    return sessions(await this.#connection.table(call), 'partition_id', range, call)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
