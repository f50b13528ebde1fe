import { type AppendId, TICKS_PER_MS, ticksOf } from './append-id.js'
import type {
  BackendSupports,
  EncodedBatch,
  HistoryBackend,
  RawEntry,
  RawSlice,
  ReadRange,
  SessionLister,
  SessionSlice,
} from './backend.js'
import { type Clock, systemClock } from './clock.js'
import { checkOptions, type HistoryStoreOptions, integer, storeChecks } from './options.js'
import { HistoryStore } from './store.js'

interface Row {
  readonly position: string
  readonly id: AppendId
  readonly body: string
  readonly expiresAt: bigint | undefined
}

/** What several memory backends can share, as several clients share a server. */
export class MemoryDatabase {
  /** Rows of each session, ordered by position. For looking only. */
  readonly sessions = new Map<string, Row[]>()
}

export interface MemoryBackendOptions {
  /** The rows. @default a database of its own */
  database?: MemoryDatabase | undefined
  /** Messages expire so many seconds after their append, ≥ 1. @default never */
  ttlSeconds?: number | undefined
  /** For expiry. @default the system's */
  clock?: Clock | undefined
}

const PAGE = 1_000
/** Positions begin with a digit. */
const BEFORE_ALL = ''
const BEHIND_ALL = '~'

const checks = {
  clock: storeChecks.clock,
  database: { be: 'a MemoryDatabase', holds: (value: unknown) => value instanceof MemoryDatabase },
  ttlSeconds: integer(1),
}

/** The reference backend: the whole contract, in the memory of one process. For tests, demos and reading. */
export class MemoryBackend implements HistoryBackend, SessionLister {
  readonly name = 'memory'
  readonly supports: BackendSupports = {
    durable: false,
    atomicAppend: { messages: Infinity, bytes: Infinity },
    idempotency: 'always',
    ttl: 'message',
    clear: 'atomic',
    sessions: true,
    maxMessageBytes: 16 * 1_024 * 1_024,
    maxSessionBytes: Infinity,
    maxDepth: 500,
  }
  readonly #sessions: Map<string, Row[]>
  readonly #ttl: bigint | undefined
  readonly #clock: Clock

  /** @throws TypeError for an unknown or wrong option */
  constructor(options: MemoryBackendOptions = {}) {
    checkOptions('MemoryBackend', options, checks)
    const { database = new MemoryDatabase(), ttlSeconds, clock = systemClock } = options
    this.#sessions = database.sessions
    this.#ttl = ttlSeconds === undefined ? undefined : BigInt(ttlSeconds) * 1_000n * TICKS_PER_MS
    this.#clock = clock
  }

  async append(session: string, batch: EncodedBatch): Promise<void> {
    const rows = this.#sessions.get(session) ?? []
    const first = positionOf(batch.id, batch.firstIndex)
    const at = rows.findLastIndex(row => row.position < first) + 1
    if (rows[at]?.position === first) return
    const expiresAt = this.#ttl && ticksOf(batch.id) + this.#ttl
    const added = batch.bodies.map((body, index): Row => {
      return { position: positionOf(batch.id, batch.firstIndex + index), id: batch.id, body, expiresAt }
    })
    const later = rows.splice(at)
    for (const row of added) rows.push(row)
    for (const row of later) rows.push(row)
    this.#sessions.set(session, rows)
  }

  async read(session: string, { order, from, limit = PAGE }: ReadRange): Promise<RawSlice> {
    const rows = this.#sessions.get(session) ?? []
    const forwards = order === 'oldest-first'
    const entries: RawEntry[] = []
    let index = forwards
      ? rows.findIndex(row => row.position > (from ?? BEFORE_ALL))
      : rows.findLastIndex(row => row.position < (from ?? BEHIND_ALL))
    for (let row = rows[index]; row !== undefined && entries.length < limit; row = rows[index]) {
      if (this.#isLive(row)) entries.push({ position: row.position, body: row.body, ticks: ticksOf(row.id) })
      index += forwards ? 1 : -1
    }
    const last = entries.at(-1)
    return { entries, next: rows[index] && last?.position }
  }

  async clear(session: string): Promise<{ observed?: bigint | undefined }> {
    const newest = this.#sessions.get(session)?.at(-1)
    this.#sessions.delete(session)
    return { observed: newest && ticksOf(newest.id) }
  }

  async sessions({ prefix = '' }: { prefix?: string }): Promise<SessionSlice> {
    const live = [...this.#sessions].filter(
      ([session, rows]) => session.startsWith(prefix) && rows.some(row => this.#isLive(row)),
    )
    return { sessions: live.map(([session]) => session) }
  }

  async close(): Promise<void> {}

  #isLive(row: Row): boolean {
    return row.expiresAt === undefined || row.expiresAt > this.#clock.now()
  }
}

/** A store in the memory of this process: lost when the process ends. */
export function createMemoryHistory(options: MemoryBackendOptions & HistoryStoreOptions = {}): HistoryStore {
  const { database, ttlSeconds, ...storeOptions } = options
  return new HistoryStore(new MemoryBackend({ database, ttlSeconds, clock: storeOptions.clock }), storeOptions)
}

/** Five digits hold every index of an append. */
function positionOf(id: AppendId, index: number): string {
  return `${id}#${index.toString().padStart(5, '0')}`
}
