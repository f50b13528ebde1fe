import type { AppendId } from './append-id.js'
import type { EncodedBatch, HistoryBackend, RawSlice, ReadRange } from './backend.js'
import { attempts, DeadlineCall, describeError } from './call.js'
import { AppendIdSource, systemClock } from './clock.js'
import { HistoryError, isArgumentError, isHistoryError } from './errors.js'
import { type CallOptions, checkOptions, type HistoryStoreOptions, storeChecks } from './options.js'
import { type HistoryWarning, type OnWarning, warningListener } from './warning.js'
import { createWriteQueue } from './write-queue.js'

const DEFAULT_TIMEOUT_MS = 10_000
/** Ids handed out and not used yet that are remembered as fresh. Forgetting one costs its append a check, nothing else. */
const MAX_ISSUED = 10_000

interface Operation {
  readonly session?: string
  readonly writes?: boolean
}

/** What a store and its sessions share: the open state, deadlines, retries, the clock's push, and errors in one form. */
export class StoreContext {
  readonly backend: HistoryBackend
  readonly ids: AppendIdSource
  readonly inTurn = createWriteQueue()
  readonly skipCorrupt: boolean
  readonly #options: HistoryStoreOptions
  readonly #running = new Set<Promise<unknown>>()
  readonly #issued = new Set<AppendId>()
  readonly #onWarning: OnWarning
  #closing: Promise<void> | undefined

  constructor(backend: HistoryBackend, options: HistoryStoreOptions) {
    checkOptions('HistoryStore', options, storeChecks)
    this.backend = backend
    this.ids = new AppendIdSource(options.clock ?? systemClock)
    this.skipCorrupt = options.onCorruptEntry === 'skip'
    this.#onWarning = warningListener(options.onWarning)
    this.#options = options
  }

  /** One public call: refused when closed, ended at its deadline, its error completed with backend, session and outcome. */
  async run<T>(operation: Operation, options: CallOptions, task: (call: DeadlineCall) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw this.#describe(new HistoryError('the store is closed', { code: 'CLOSED' }), operation)
    const call = new DeadlineCall(options.timeoutMs ?? this.#timeoutMs(operation), options.signal)
    const running = task(call)
    this.#running.add(running)
    try {
      return await running
    } catch (error) {
      throw this.#describe(error, operation)
    } finally {
      call.end()
      this.#running.delete(running)
    }
  }

  /** An append id handed out before its append. */
  issueId(): AppendId {
    const id = this.ids.next()
    if (this.#issued.size >= MAX_ISSUED) this.#issued.clear()
    this.#issued.add(id)
    return id
  }

  /** True once for an id that this store handed out; any other may have been sent before. */
  takeIssued(id: AppendId): boolean {
    return this.#issued.delete(id)
  }

  async append(session: string, batch: EncodedBatch, call: DeadlineCall): Promise<void> {
    const { idempotency } = this.backend.supports
    const giveUpAfterMs = idempotency === 'always' ? Infinity : idempotency.forSeconds * 1_000
    const send = (repeat: boolean) => this.backend.append(session, { ...batch, repeat }, call)
    await attempts(call, send, batch.repeat, giveUpAfterMs)
  }

  /** One page, with retries. A backend that stands still is an error, not an endless loop. */
  async page<P extends { readonly next?: string | undefined }>(
    call: DeadlineCall,
    from: string | undefined,
    read: () => Promise<P>,
  ): Promise<P> {
    const page = await attempts(call, read)
    if (page.next !== undefined && page.next === from) throw new HistoryError('the backend is stuck', { code: 'UNKNOWN' })
    return page
  }

  /** One slice. The clock is pushed by everything that was seen. */
  async read(session: string, range: ReadRange, call: DeadlineCall): Promise<RawSlice> {
    const slice = await this.page(call, range.from, () => this.backend.read(session, range, call))
    for (const { ticks } of slice.entries) if (ticks !== undefined) this.observe(ticks, session)
    return slice
  }

  async clear(session: string, call: DeadlineCall): Promise<void> {
    const result = await attempts(call, () => this.backend.clear(session, call))
    if (result?.observed !== undefined) this.observe(result.observed, session)
  }

  observe(ticks: bigint, session: string): void {
    if (this.ids.observe(ticks)) return
    this.warn({
      code: 'CLOCK_AHEAD',
      session,
      message: 'a message is over 15 minutes ahead of the clock',
    })
  }

  warn(warning: HistoryWarning): void {
    this.#onWarning({ backend: this.backend.name, ...warning })
  }

  /** Lets what runs finish, each within its own deadline, then closes the backend, within the store's. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.allSettled([...this.#running])
    const call = new DeadlineCall(this.#timeoutMs({}))
    try {
      await call.race(this.backend.close())
    } catch (error) {
      throw this.#describe(error, {})
    } finally {
      call.end()
    }
  }

  #timeoutMs({ writes }: Operation): number {
    const { timeouts } = this.backend
    return this.#options.timeoutMs ?? (writes ? timeouts?.appendMs : timeouts?.readMs) ?? DEFAULT_TIMEOUT_MS
  }

  #describe(error: unknown, { writes, session }: Operation): unknown {
    if (isArgumentError(error)) return error
    const known = isHistoryError(error) ? error : new HistoryError('unknown error', { code: 'UNKNOWN', cause: error })
    return describeError(known, { backend: this.backend.name, session, outcome: writes ? known.outcome : 'failed' })
  }
}
