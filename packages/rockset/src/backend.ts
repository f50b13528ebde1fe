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
import { openClient } from './client.js'
import { Collection } from './collection.js'
import type { Layout } from './layout.js'
import { messageLayout } from './message/message.js'
import { checkRocksetOptions } from './option-checks.js'
import { collectionSettings, type RocksetOptions } from './options.js'
import { setUpCollection } from './schema.js'
import { sessionLayout } from './session/session.js'

/** Histories in a Rockset collection. What `createRocksetHistory` makes its store of. */
export class RocksetBackend implements HistoryBackend, SessionLister {
  readonly name = 'rockset'
  readonly layout: 'session' | 'message'
  readonly supports: BackendSupports
  readonly timeouts: { readonly appendMs: number }
  readonly #layout: Layout
  readonly #setUp: Once<void>

  /**
   * No I/O; the first call opens a client and, unless `setupMode` is `'off'`, makes the collection.
   * @throws TypeError naming an unknown or wrong option
   */
  constructor(options: RocksetOptions) {
    checkRocksetOptions(options)
    const own = { ...options }
    const collection = new Collection(collectionSettings(own), () => openClient(own))
    const { layout, addTimeoutMs, setupTimeoutMs } = collection.settings
    this.#layout = (layout === 'session' ? sessionLayout : messageLayout)(collection)
    this.layout = layout
    this.supports = this.#layout.supports
    this.timeouts = { appendMs: addTimeoutMs }
    this.#setUp = new Once(setupTimeoutMs, call => setUpCollection(collection, call))
  }

  /** Begins `setupMode: 'async'` without waiting for it; in the other modes nothing. */
  setUpInBackground(): void {
    if (this.#layout.collection.settings.setupMode === 'async') this.#setUp.beginInBackground()
  }

  async append(session: string, batch: EncodedBatch, call: Call): Promise<void> {
    await (await this.#ready(call)).append(session, batch, call)
  }

  async read(session: string, range: ReadRange, call: Call): Promise<RawSlice> {
    return (await this.#ready(call)).read(session, range, call)
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: as in the contract
  async clear(session: string, call: Call): Promise<{ observed?: bigint | undefined } | void> {
    return (await this.#ready(call)).clear(session, call)
  }

  async sessions(range: { readonly prefix?: string; readonly after?: string }, call: Call): Promise<SessionSlice> {
    return (await this.#ready(call)).sessions(range, call)
  }

  async close(): Promise<void> {
    this.#layout.collection.close()
  }

  async #ready(call: Call): Promise<Layout> {
    if (this.#layout.collection.settings.setupMode !== 'off') await this.#setUp.get(call)
    return this.#layout
  }
}
