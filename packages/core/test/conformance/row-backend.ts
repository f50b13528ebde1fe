import {
  argumentError,
  type BackendSupports,
  type Clock,
  type EncodedBatch,
  type HistoryBackend,
  HistoryError,
  type RawSlice,
  type ReadRange,
  type SessionLister,
  type SessionSlice,
} from '@hist/core'
import { systemClock, ticksOf } from '@hist/core/backend'

interface Row {
  readonly bodies: readonly string[]
  readonly tokens: readonly string[]
  readonly expiresAt: bigint | undefined
}

export type Rows = Map<string, Row>

const MAX_BYTES = 100_000
const LISTED = 3

/** Like DynamoDB's list layout: one row per session, bounded, replaced as a whole, expiring as a whole, without times. For the suite's own test. */
export class RowBackend implements HistoryBackend, SessionLister {
  readonly name = 'row'
  readonly supports: BackendSupports = {
    durable: true,
    atomicAppend: { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
    idempotency: { forSeconds: 660 },
    ttl: 'session',
    clear: 'atomic',
    sessions: true,
    maxMessageBytes: MAX_BYTES,
    maxSessionBytes: MAX_BYTES,
    maxDepth: 28,
  }

  constructor(
    private readonly rows: Rows,
    private readonly ttlSeconds: number | undefined = undefined,
    private readonly clock: Clock = systemClock,
  ) {
    if (ttlSeconds !== undefined && !(Number.isInteger(ttlSeconds) && ttlSeconds > 0)) throw argumentError('ttlSeconds')
  }

  async append(session: string, { id, firstIndex, bodies }: EncodedBatch): Promise<void> {
    await turn()
    const row = this.rows.get(session)
    const token = `${id}:${firstIndex}`
    if (row?.tokens.includes(token)) return
    const kept = this.#live(session)
    const all = [...(kept?.bodies ?? []), ...bodies]
    if (Buffer.byteLength(all.join()) > MAX_BYTES + 1_024) throw new HistoryError('the row is full', { code: 'TOO_LARGE' })
    const expiresAt = this.ttlSeconds === undefined ? kept?.expiresAt : ticksOf(id) + BigInt(this.ttlSeconds) * 10_000_000n
    this.rows.set(session, { bodies: all, tokens: [...(row?.tokens ?? []), token], expiresAt })
  }

  async read(session: string, { order, from, limit = Number.POSITIVE_INFINITY }: ReadRange): Promise<RawSlice> {
    await turn()
    const entries = (this.#live(session)?.bodies ?? []).map((body, index) => ({
      position: String(index).padStart(10, '0'),
      body,
    }))
    if (order === 'newest-first') entries.reverse()
    const start = from === undefined ? 0 : entries.findIndex(entry => entry.position === from) + 1
    const page = entries.slice(start, start + limit)
    return start + page.length < entries.length ? { entries: page, next: page.at(-1)?.position } : { entries: page }
  }

  async clear(session: string): Promise<void> {
    await turn()
    this.rows.delete(session)
  }

  /** Rows of the whole table, page by page, filtered afterwards: pages may be empty. */
  async sessions({
    prefix = '',
    after = '0',
  }: {
    prefix?: string | undefined
    after?: string | undefined
  }): Promise<SessionSlice> {
    await turn()
    const start = Number(after)
    const scanned = [...this.rows.keys()].slice(start, start + LISTED)
    const sessions = scanned.filter(session => session.startsWith(prefix) && this.#live(session) !== undefined)
    return scanned.length < LISTED ? { sessions } : { sessions, next: String(start + LISTED) }
  }

  async close(): Promise<void> {}

  #live(session: string): Row | undefined {
    const row = this.rows.get(session)
    return row?.expiresAt !== undefined && row.expiresAt <= this.clock.now() ? undefined : row
  }
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
