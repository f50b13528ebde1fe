import { type AppendId, appendIdCheck, TICKS_PER_MS, ticksOf } from './append-id.js'
import type { RawEntry, ReadRange } from './backend.js'
import { encodePieces } from './batch.js'
import { type DeadlineCall, describeError, withOutcome } from './call.js'
import { decodeRow } from './codec.js'
import { Cursors } from './cursor.js'
import { argumentError, HistoryError, isHistoryError } from './errors.js'
import type { StoredMessage } from './message.js'
import { type CallOptions, checkCallOptions, flag, integer, oneOf } from './options.js'
import type { StoreContext } from './store-context.js'
import type { HistoryWarning } from './warning.js'
import { answeredCall, leadingToolResults, madeCalls } from './window.js'

/** One stored message and its place. */
export interface Entry {
  /** Cursor for `page` and `entries`: opaque, valid for this session in this backend. */
  id: string
  message: StoredMessage
  /** When the append was made by its writer's clock, where the layout keeps it. */
  createdAt?: Date
}

/** Neighbouring entries, oldest first. */
export interface Page {
  entries: Entry[]
  /** Pass as `before` for the page of older entries. Absent: there are none. */
  older?: string
  /** Pass as `after` for the page of newer entries. Absent: there are none, or this is the newest page. For paging, not for tailing. */
  newer?: string
}

export interface AppendOptions extends CallOptions {
  /** The append's id, from `nextAppendId()` or from an error: the same append again is a no-op. @default a new one */
  id?: AppendId | undefined
}

export interface ReadOptions extends CallOptions {
  /** Only the newest so many messages, ≥ 1. @default all */
  last?: number | undefined
  /**
   * Never start with tool results whose call lies outside the window: they are dropped; if nothing is left, the window is
   * extended back to the call. @default false
   */
  wholeTurns?: boolean | undefined
}

export interface PageOptions extends CallOptions {
  /** Entries per page, ≥ 1. @default 50 */
  limit?: number | undefined
  /** The page of entries older than this entry id. Not together with `after`. */
  before?: string | undefined
  /** The page of entries newer than this entry id. Not together with `before`. */
  after?: string | undefined
}

export interface EntriesOptions extends CallOptions {
  /** @default 'oldest-first' */
  order?: 'oldest-first' | 'newest-first' | undefined
  /** Start behind this entry id, in reading direction. @default the beginning */
  from?: string | undefined
  /** Entries held in memory at a time, ≥ 1. @default 500 */
  pageSize?: number | undefined
}

export interface ClearOptions extends CallOptions {}

/** The checks of a window, for what takes one. */
export const windowChecks = { last: integer(1), wholeTurns: flag }

const DEFAULT_PAGE = 50
const DEFAULT_PAGE_SIZE = 500

interface DecodedEntry {
  readonly raw: RawEntry
  readonly message: StoredMessage
}

interface DecodedSlice {
  readonly entries: DecodedEntry[]
  readonly next: string | undefined
}

/** The history of one session. Made by `store.session(id)`: no I/O, cheap, make thousands. */
export class ChatHistory {
  readonly sessionId: string
  readonly #context: StoreContext
  readonly #cursors: Cursors

  /** @internal */
  constructor(context: StoreContext, sessionId: string) {
    this.sessionId = sessionId
    this.#context = context
    this.#cursors = new Cursors(context.backend.name, context.backend.layout, sessionId)
  }

  /** An id for an append made later. The append sorts by the moment the id was made. */
  nextAppendId(): AppendId {
    return this.#context.issueId()
  }

  /**
   * Stores the messages at the end, as a whole and in order, and resolves with the append's id when they are durable.
   *
   * @param messages at most 65,536 stored messages; of LangChain instances make them with `toStoredMessage`
   * @throws TypeError for what cannot be stored; HistoryError otherwise, with `appendId`: if its `outcome` is `'unknown'`, append the
   * same messages again with that id, and there will be one copy
   */
  async append(messages: readonly StoredMessage[], options: AppendOptions = {}): Promise<AppendId> {
    checkCallOptions('append', options, { id: appendIdCheck })
    let { id } = options
    const repeat = id !== undefined && !this.#context.takeIssued(id)
    try {
      return await this.#run('append', options, async call => {
        const { backend, queue, ids } = this.#context
        const pieces = encodePieces(messages, backend.supports, warning => this.#warn(warning))
        return queue.run(this.sessionId, call, async () => {
          if (id === undefined) id = ids.next()
          else this.#context.observe(ticksOf(id), this.sessionId)
          for (const piece of pieces) {
            try {
              await this.#context.append(this.sessionId, { id, ...piece, repeat }, call)
            } catch (error) {
              throw piece.firstIndex > 0 ? withOutcome(error, 'unknown') : error
            }
          }
          return id
        })
      })
    } catch (error) {
      throw isHistoryError(error) ? describeError(error, { appendId: id ?? this.nextAppendId() }) : error
    }
  }

  /**
   * The messages, oldest first: all of them, or the newest `last`. A window is one request however long the history is (Kafka: two). All
   * of them is many; the deadline then counts for each, so that a history is never too long to be read.
   */
  async messages(options: ReadOptions = {}): Promise<StoredMessage[]> {
    checkCallOptions('messages', options, windowChecks)
    const { last, wholeTurns = false, ...callOptions } = options
    if (last !== undefined) return this.#run('read', callOptions, call => this.#window(call, last, wholeTurns))
    const messages: StoredMessage[] = []
    for await (const slice of this.#slices({ order: 'oldest-first' }, callOptions)) {
      for (const entry of slice.entries) messages.push(entry.message)
    }
    return wholeTurns ? messages.slice(leadingToolResults(messages)) : messages
  }

  /** All entries, one after the other, in constant memory. The deadline counts for each page. */
  async *entries(options: EntriesOptions = {}): AsyncGenerator<Entry, void, undefined> {
    checkCallOptions('entries', options, { order: oneOf('oldest-first', 'newest-first'), from: this.#cursors, pageSize: integer(1) })
    const { order = 'oldest-first', from, pageSize: limit = DEFAULT_PAGE_SIZE, ...callOptions } = options
    for await (const slice of this.#slices({ order, limit, from: this.#position(from) }, callOptions)) {
      for (const entry of slice.entries) yield this.#entry(entry)
    }
  }

  /** One page of entries; without a cursor the newest. */
  async page(options: PageOptions = {}): Promise<Page> {
    checkCallOptions('page', options, { limit: integer(1), before: this.#cursors, after: this.#cursors })
    const { limit = DEFAULT_PAGE, before, after, ...callOptions } = options
    if (before !== undefined && after !== undefined) throw argumentError('page: before and after exclude each other')
    const backwards = after === undefined
    const cursor = before ?? after
    const from = this.#position(cursor)
    // One entry more tells exactly whether there is another page.
    const slice = await this.#run('read', callOptions, call => this.#collect(call, { order: backwards ? 'newest-first' : 'oldest-first', from }, limit + 1))
    const more = slice.entries.length > limit
    const entries = slice.entries.slice(0, limit).map(entry => this.#entry(entry))
    const ahead = more ? entries.at(-1)?.id : undefined
    const behind = cursor === undefined ? undefined : (entries[0]?.id ?? cursor)
    if (backwards) entries.reverse()
    const [older, newer] = backwards ? [ahead, behind] : [behind, ahead]
    const page: Page = { entries }
    if (older !== undefined) page.older = older
    if (newer !== undefined) page.newer = newer
    return page
  }

  /** Removes what is there now. Appends that start after it resolves are kept; concurrent ones survive or vanish as a whole. */
  async clear(options: ClearOptions = {}): Promise<void> {
    checkCallOptions('clear', options)
    const { queue } = this.#context
    await this.#run('clear', options, call => queue.run(this.sessionId, call, () => this.#context.clear(this.sessionId, call)))
  }

  async #window(call: DeadlineCall, last: number, wholeTurns: boolean): Promise<StoredMessage[]> {
    const slice = await this.#collect(call, { order: 'newest-first' }, last)
    const messages = slice.entries.map(entry => entry.message).reverse()
    if (!wholeTurns) return messages
    const orphans = leadingToolResults(messages)
    if (orphans < messages.length || slice.next === undefined) return messages.slice(orphans)
    const older = await this.#readBackToCalls(call, messages, slice.next)
    return older.length > 0 ? [...older, ...messages] : []
  }

  /** The messages from the calls that the results answer up to the results; none if there are no such calls. */
  async #readBackToCalls(call: DeadlineCall, results: readonly StoredMessage[], from: string): Promise<StoredMessage[]> {
    const missing = new Set(results.map(answeredCall))
    const older: StoredMessage[] = []
    let keep = 0
    for (let next: string | undefined = from; next !== undefined && missing.size > 0; ) {
      const slice: DecodedSlice = await this.#slice(call, { order: 'newest-first', from: next, limit: DEFAULT_PAGE })
      for (const { message } of slice.entries) {
        older.push(message)
        missing.add(answeredCall(message)).delete(undefined)
        for (const made of madeCalls(message)) if (missing.delete(made)) keep = older.length
      }
      next = slice.next
    }
    return older.slice(0, keep).reverse()
  }

  /** Slice after slice to the end, each a call of its own. */
  async *#slices(range: ReadRange, options: CallOptions): AsyncGenerator<DecodedSlice, void, undefined> {
    let slice: DecodedSlice
    let from = range.from
    do {
      const here: ReadRange = { ...range, from }
      slice = await this.#run('read', options, call => this.#slice(call, here))
      yield slice
      from = slice.next
    } while (from !== undefined)
  }

  /** Entries up to `limit` or the end, within one call. `next` is absent at the end. */
  async #collect(call: DeadlineCall, range: ReadRange, limit: number): Promise<DecodedSlice> {
    const entries: DecodedEntry[] = []
    let from = range.from
    do {
      const slice = await this.#slice(call, { ...range, from, limit: limit - entries.length })
      entries.push(...slice.entries)
      from = slice.next
    } while (from !== undefined && entries.length < limit)
    return { entries, next: from }
  }

  async #slice(call: DeadlineCall, range: ReadRange): Promise<DecodedSlice> {
    const slice = await this.#context.read(this.sessionId, range, call)
    const entries: DecodedEntry[] = []
    for (const raw of slice.entries) {
      const message = this.#decode(raw)
      if (message !== undefined) entries.push({ raw, message })
    }
    return { entries, next: slice.next }
  }

  /** Undefined for what is not a message: a control row of a newer version, or an unreadable entry that is to be skipped. */
  #decode(raw: RawEntry): StoredMessage | undefined {
    try {
      if (typeof raw.body !== 'string') throw raw.body
      return decodeRow(raw.body, { onWarning: warning => this.#warn(warning, raw) })
    } catch (cause) {
      const entry = this.#cursors.encode(raw.position)
      const reason = isHistoryError(cause) ? `: ${cause.message}` : ''
      if (!this.#context.skipCorrupt) throw new HistoryError(`entry ${entry} cannot be read${reason}`, { code: 'CORRUPT_ENTRY', entry, cause })
      this.#warn({ code: 'SKIPPED_ENTRY', message: `entry ${entry} cannot be read and was left out${reason}`, cause }, raw)
      return undefined
    }
  }

  #position(cursor: string | undefined): string | undefined {
    return cursor === undefined ? undefined : this.#cursors.decode(cursor)
  }

  #entry({ raw, message }: DecodedEntry): Entry {
    const entry: Entry = { id: this.#cursors.encode(raw.position), message }
    if (raw.ticks !== undefined) entry.createdAt = new Date(Number(raw.ticks / TICKS_PER_MS))
    return entry
  }

  #run<T>(kind: 'append' | 'clear' | 'read', options: CallOptions, task: (call: DeadlineCall) => Promise<T>): Promise<T> {
    return this.#context.run({ kind, session: this.sessionId }, options, task)
  }

  #warn(warning: HistoryWarning, raw?: RawEntry): void {
    this.#context.warn({ ...warning, session: this.sessionId, entry: raw && this.#cursors.encode(raw.position) })
  }
}
