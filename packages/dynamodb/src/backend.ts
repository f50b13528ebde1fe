import {
  type BackendSupports,
  type Call,
  type EncodedBatch,
  type HistoryBackend,
  HistoryError,
  type RawSlice,
  type ReadRange,
  type SessionLister,
  type SessionSlice,
} from '@hist/core'
import { Once } from '@hist/core/backend'
import { openClient } from './client.js'
import { itemsLayout } from './items/items.js'
import type { Layout } from './layout.js'
import { listLayout } from './list/list.js'
import { checkDynamoDBOptions } from './option-checks.js'
import type { DynamoDBOptions } from './options.js'
import { checkKeys, setUpTable } from './schema.js'

/** Histories in a DynamoDB table. What `createDynamoDBHistory` makes its store of. */
export class DynamoDBBackend implements HistoryBackend, SessionLister {
  readonly name = 'dynamodb'
  readonly layout: 'items' | 'list'
  readonly supports: BackendSupports
  readonly #layout: Layout
  readonly #setUp: Once<void>
  readonly #keys: Once<void>
  #probedSession = ''

  /**
   * No I/O; the first call opens a client and, unless `setupMode` is `'off'`, makes the table.
   * @throws TypeError naming an unknown or wrong option
   */
  constructor(options: DynamoDBOptions) {
    checkDynamoDBOptions(options)
    const own = { ...options }
    this.#layout = (own.layout === 'list' ? listLayout : itemsLayout)(own, () => openClient(own))
    const { table, supports } = this.#layout
    const { layout, setupTimeoutMs } = table.settings
    this.layout = layout
    this.supports = supports
    this.#setUp = new Once(setupTimeoutMs, call => setUpTable(table, call))
    this.#keys = new Once(setupTimeoutMs, call => checkKeys(table, this.#probedSession, call))
  }

  /** Begins `setupMode: 'async'` without waiting for it; in the other modes nothing. */
  setUpInBackground(): void {
    if (this.#layout.table.settings.setupMode === 'async') this.#setUp.beginInBackground()
  }

  async append(session: string, batch: EncodedBatch, call: Call): Promise<void> {
    // A second piece of one append would be taken for a repeat of the first. `atomicAppend` is unlimited, so core never makes one.
    if (batch.firstIndex !== 0) throw new HistoryError('an append is never cut into pieces here', { code: 'UNSUPPORTED' })
    const layout = await this.#ready(call)
    await this.#checkKeys(session, call)
    await layout.append(session, batch, call)
  }

  async read(session: string, range: ReadRange, call: Call): Promise<RawSlice> {
    return (await this.#ready(call)).read(session, range, call)
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: as in the contract
  async clear(session: string, call: Call): Promise<{ observed?: bigint | undefined } | void> {
    return (await this.#ready(call)).clear(session, call)
  }

  /** Reads the whole table, whatever the prefix. */
  async sessions(range: { readonly prefix?: string; readonly after?: string }, call: Call): Promise<SessionSlice> {
    const layout = await this.#ready(call)
    // A Scan of a table with other keys would find nothing, and not fail.
    if (range.after === undefined) await this.#checkKeys(range.prefix || 'any', call)
    return layout.sessions(range, call)
  }

  async close(): Promise<void> {
    this.#layout.table.close()
  }

  /** Looks at a session that the call is about, because permissions may be limited to some of them. */
  #checkKeys(session: string, call: Call): Promise<void> {
    this.#probedSession = session
    return this.#keys.get(call)
  }

  async #ready(call: Call): Promise<Layout> {
    if (this.#layout.table.settings.setupMode !== 'off') await this.#setUp.get(call)
    return this.#layout
  }
}
