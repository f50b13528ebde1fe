import { type AppendId, appendIdCheck, TICKS_PER_MS, ticksOf } from './append-id.js'
import type { RawEntry, ReadRange } from './backend.js'
import { encodePieces } from './batch.js'
import { type DeadlineCall, describeError, withOutcome } from './call.js'
import { decodeRow } from './codec.js'
import { Cursors } from './cursor.js'
import { argumentError, HistoryError, isHistoryError } from './errors.js'
import type { StoredMessage } from './message.js'
import { type CallOptions, checkCallOptions, integer, oneOf, windowChecks } from './options.js'
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

const DEFAULT_PAGE = 50
const DEFAULT_PAGE_SIZE = 500

interface DecodedEntry {
  readonly raw: RawEntry
  readonly message: StoredMessage
}

/** Runs one backend read: in a call of its own, or in one that is under way. */
type RunRead = <T>(task: (call: DeadlineCall) => Promise<T>) => Promise<T>

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
      return await this.#run(true, options, async call => {
        const { backend, inTurn, ids } = this.#context
        const pieces = encodePieces(messages, backend.supports, warning => this.#warn(warning))
        return inTurn(this.sessionId, call, async () => {
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
   * of them take many requests; the deadline then counts for each, so that a history is never too long to be read.
   */
  async messages(options: ReadOptions = {}): Promise<StoredMessage[]> {
    checkCallOptions('messages', options, windowChecks)
    const { last, wholeTurns = false, ...callOptions } = options
    if (last !== undefined) return this.#run(false, callOptions, call => this.#window(call, last, wholeTurns))
    const messages: StoredMessage[] = []
    for await (const { message } of this.#read(this.#eachRead(callOptions), { order: 'oldest-first' })) messages.push(message)
    return wholeTurns ? messages.slice(leadingToolResults(messages)) : messages
  }

  /** All entries, one after the other, in constant memory. The deadline counts for each page. */
  async *entries(options: EntriesOptions = {}): AsyncGenerator<Entry, void, undefined> {
    checkCallOptions('entries', options, {
      order: oneOf('oldest-first', 'newest-first'),
      from: this.#cursors,
      pageSize: integer(1),
    })
    const { order = 'oldest-first', from, pageSize = DEFAULT_PAGE_SIZE, ...callOptions } = options
    const read = this.#read(this.#eachRead(callOptions), { order, limit: pageSize, from: from && this.#cursors.decode(from) })
    for await (const entry of read) yield this.#entry(entry)
  }

  /** One page of entries; without a cursor the newest. */
  async page(options: PageOptions = {}): Promise<Page> {
    checkCallOptions('page', options, { limit: integer(1), before: this.#cursors, after: this.#cursors })
    const { limit = DEFAULT_PAGE, before, after, ...callOptions } = options
    if (before !== undefined && after !== undefined) throw argumentError('page: before or after, not both')
    const order = after === undefined ? 'newest-first' : 'oldest-first'
    const cursor = before ?? after
    // One entry more tells exactly whether there is another page.
    const range = { order, from: cursor && this.#cursors.decode(cursor), limit: limit + 1 } as const
    const found = await this.#run(false, callOptions, call =>
      take(
        this.#read(task => task(call), range),
        limit + 1,
      ),
    )
    const entries = found.slice(0, limit).map(entry => this.#entry(entry))
    const [ahead, behind] = order === 'newest-first' ? (['older', 'newer'] as const) : (['newer', 'older'] as const)
    const page: Page = { entries }
    const last = entries.at(-1)
    if (found.length > limit && last !== undefined) page[ahead] = last.id
    if (cursor !== undefined) page[behind] = entries[0]?.id ?? cursor
    if (order === 'newest-first') entries.reverse()
    return page
  }

  /** Removes what is there now. Appends that start after it resolves are kept; concurrent ones survive or vanish as a whole. */
  async clear(options: ClearOptions = {}): Promise<void> {
    checkCallOptions('clear', options)
    const { inTurn } = this.#context
    await this.#run(true, options, call => inTurn(this.sessionId, call, () => this.#context.clear(this.sessionId, call)))
  }

  async #window(call: DeadlineCall, last: number, wholeTurns: boolean): Promise<StoredMessage[]> {
    const range = { order: 'newest-first' as const, limit: last }
    const read = this.#read(task => task(call), range)
    const messages = (await take(read, last)).map(entry => entry.message).reverse()
    if (!wholeTurns) return messages
    const orphans = leadingToolResults(messages)
    if (orphans < last) return messages.slice(orphans)
    // Nothing but tool results: back to the calls that they answer, if those exist. A turn may be much longer than a small window.
    range.limit += DEFAULT_PAGE
    const missing = new Set(messages.map(answeredCall))
    const older: StoredMessage[] = []
    let keep = 0
    for await (const { message } of read) {
      older.push(message)
      missing.add(answeredCall(message)).delete(undefined)
      for (const made of madeCalls(message)) if (missing.delete(made)) keep = older.length
      if (missing.size === 0) break
    }
    return keep > 0 ? [...older.slice(0, keep).reverse(), ...messages] : []
  }

  /** Entries up to the end, slice after slice. */
  async *#read(run: RunRead, range: ReadRange): AsyncGenerator<DecodedEntry, void, undefined> {
    let from = range.from
    do {
      const here: ReadRange = { ...range, from }
      const slice = await run(async call => {
        const { entries, next } = await this.#context.read(this.sessionId, here, call)
        return { next, entries: entries.map(raw => ({ raw, message: this.#decode(raw) })) }
      })
      for (const { raw, message } of slice.entries) if (message !== undefined) yield { raw, message }
      from = slice.next
    } while (from !== undefined)
  }

  #eachRead(options: CallOptions): RunRead {
    return task => this.#run(false, options, task)
  }

  /** Undefined for what is not a message: a control row of a newer version, or an unreadable entry that is to be skipped. */
  #decode(raw: RawEntry): StoredMessage | undefined {
    try {
      if (typeof raw.body !== 'string') throw raw.body
      return decodeRow(raw.body, { onWarning: warning => this.#warn(warning, raw) })
    } catch (cause) {
      const entry = this.#cursors.encode(raw.position)
      const message = `entry ${entry} cannot be read${isHistoryError(cause) ? `: ${cause.message}` : ''}`
      if (!this.#context.skipCorrupt) throw new HistoryError(message, { code: 'CORRUPT_ENTRY', entry, cause })
      this.#warn({ code: 'SKIPPED_ENTRY', message, cause }, raw)
      return undefined
    }
  }

  #entry({ raw, message }: DecodedEntry): Entry {
    const entry: Entry = { id: this.#cursors.encode(raw.position), message }
    if (raw.ticks !== undefined) entry.createdAt = new Date(Number(raw.ticks / TICKS_PER_MS))
    return entry
  }

  #run<T>(writes: boolean, options: CallOptions, task: (call: DeadlineCall) => Promise<T>): Promise<T> {
    return this.#context.run({ session: this.sessionId, writes }, options, task)
  }

  #warn(warning: HistoryWarning, raw?: RawEntry): void {
    this.#context.warn({ ...warning, session: this.sessionId, entry: raw && this.#cursors.encode(raw.position) })
  }
}

/** The next so many; the generator stays open. */
async function take<T>(read: AsyncGenerator<T, void, undefined>, count: number): Promise<T[]> {
  const taken: T[] = []
  while (taken.length < count) {
    const next = await read.next()
    if (next.done) break
    taken.push(next.value)
  }
  return taken
}
