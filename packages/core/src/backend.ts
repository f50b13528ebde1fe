import type { AppendId } from './append-id.js'

/**
 * What a backend implements: four methods around one database. Core has checked, encoded and ordered everything before it calls,
 * and retries, pages and wraps errors afterwards. Nothing here knows LangChain.
 *
 * Errors: throw `HistoryError` for what the driver's errors mean and `argumentError` for the caller's mistakes; anything else is
 * handed to the user as `UNKNOWN` with outcome `unknown`.
 */
export interface HistoryBackend {
  /** Short name for errors and cursors: `'dynamodb'`. */
  readonly name: string
  /** Which of the backend's layouts this is, if it has several. Part of every cursor. */
  readonly layout?: string
  readonly supports: BackendSupports
  /** Default deadlines, where core's 10 s does not fit the engine. */
  readonly timeouts?: { readonly readMs?: number; readonly appendMs?: number }
  /**
   * Stores the whole batch, durably, or nothing. The same batch again (same id and `firstIndex`) leaves one copy.
   * Sizes are within `supports`.
   */
  append(session: string, batch: EncodedBatch, call: Call): Promise<void>
  /** About one request. Core loops over `next`. */
  read(session: string, range: ReadRange, call: Call): Promise<RawSlice>
  /** Removes what was there when it was called. `observed`: the highest append tick it saw, so that later ids sort after it. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a backend without ticks simply returns
  clear(session: string, call: Call): Promise<{ observed?: bigint | undefined } | void>
  /** Releases what the backend opened itself; an injected client stays open. Called once. */
  close(): Promise<void>
}

/** What a backend can do, as data. Drives the README tables and is all that may leave a conformance test out. */
export interface BackendSupports {
  /** A new process reads what an earlier one stored. */
  readonly durable: boolean
  /** Up to this much becomes visible as a whole; core splits beyond it, in order. `Infinity` allowed. Bytes are UTF-8 of the bodies. */
  readonly atomicAppend: { readonly messages: number; readonly bytes: number }
  /** How long a repeat of an append with the same id is recognised. */
  readonly idempotency: 'always' | { readonly forSeconds: number }
  /** What expires: each message, the whole session, or nothing. */
  readonly ttl: 'message' | 'session' | false
  /** `'gradual'`: a reader may see a part of the session while it is being cleared. */
  readonly clear: 'atomic' | 'gradual'
  /** The backend is a `SessionLister`. */
  readonly sessions: boolean
  /** Largest body in UTF-8 bytes. */
  readonly maxMessageBytes: number
  /** Largest session in bytes, or `Infinity`. */
  readonly maxSessionBytes: number
  /** Deepest nesting inside `data`, in levels. */
  readonly maxDepth: number
}

/** One append, or a piece of one that exceeded `supports.atomicAppend`. Everything that is written derives from it. */
export interface EncodedBatch {
  readonly id: AppendId
  /** Index within the append of the first body. */
  readonly firstIndex: number
  /** One JSON text per message, without raw newlines. Never empty. */
  readonly bodies: readonly string[]
  /** May have been sent before: an earlier attempt ended unclear, or the caller brought an id that is not fresh. */
  readonly repeat: boolean
}

export interface ReadRange {
  readonly order: 'oldest-first' | 'newest-first'
  /** Exclusive: go on behind this position, in reading direction. */
  readonly from?: string | undefined
  /** At most so many entries. */
  readonly limit?: number | undefined
}

export interface RawSlice {
  /** In reading direction; perhaps none, even if more follow. */
  readonly entries: readonly RawEntry[]
  /** Where to go on. Only an absent `next` is the end. */
  readonly next?: string | undefined
}

export interface RawEntry {
  /** The backend's own name for the place; well-formed text that `from` takes. Core never compares positions. */
  readonly position: string
  /** The JSON text, or why this entry is unreadable. */
  readonly body: string | Error
  /** The append's time, where the layout keeps it. */
  readonly ticks?: bigint | undefined
}

/** The deadline and cancellation of one call. */
export interface Call {
  /** Aborted when the deadline has passed or the caller gave up; `reason` is the error to throw. */
  readonly signal: AbortSignal
  /** Milliseconds left, never negative. */
  remainingMs(): number
  /**
   * One bounded request of a driver: at most `limitMs`, at most what remains. Past it: `TIMEOUT`, retryable, outcome unknown; the signal
   * that `start` got is aborted and its promise dropped.
   */
  request<T>(limitMs: number, start: (signal: AbortSignal) => Promise<T>): Promise<T>
}

/** A backend that can list its sessions (`supports.sessions`). */
export interface SessionLister {
  /** About one request. Sessions may repeat; core drops repeats. `after` is an earlier `next`. */
  sessions(
    range: { readonly prefix?: string | undefined; readonly after?: string | undefined },
    call: Call,
  ): Promise<SessionSlice>
}

export interface SessionSlice {
  readonly sessions: readonly string[]
  readonly next?: string | undefined
}

export function isSessionLister(backend: HistoryBackend): backend is HistoryBackend & SessionLister {
  return backend.supports.sessions && typeof (backend as Partial<SessionLister>).sessions === 'function'
}
