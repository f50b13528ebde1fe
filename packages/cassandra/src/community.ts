import {
  argumentError,
  type BackendSupports,
  type Call,
  type HistoryBackend,
  HistoryError,
  type RawEntry,
  type RawSlice,
  type ReadRange,
  type SessionLister,
  type SessionSlice,
} from '@hist/core'
import { TICKS_PER_MS } from '@hist/core/backend'
import { Connection } from './connection.js'
import type { CassandraOptions } from './options.js'
import { checkCommunityTable } from './schema.js'
import { sessions } from './sessions.js'
import { isEnd, type Row } from './table.js'

const MOST_ROWS = 500

const SUPPORTS: BackendSupports = {
  durable: true,
  atomicAppend: { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
  idempotency: 'always',
  ttl: false,
  clear: 'atomic',
  sessions: true,
  maxMessageBytes: Number.POSITIVE_INFINITY,
  maxSessionBytes: Number.POSITIVE_INFINITY,
  maxDepth: 500,
}

/** Reads the table of the JavaScript community class. Its key cannot hold two messages of one millisecond, so nothing is written to it. */
export class CommunityTableReader implements HistoryBackend, SessionLister {
  readonly name = 'cassandra'
  readonly layout = 'community'
  readonly supports = SUPPORTS
  readonly #connection: Connection

  /** @throws TypeError naming an unknown or wrong option */
  constructor(options: CassandraOptions) {
    this.#connection = new Connection(options, checkCommunityTable)
  }

  async append(): Promise<void> {
    throw readOnly('appended to')
  }

  async read(session: string, { order, from, limit = MOST_ROWS }: ReadRange, call: Call): Promise<RawSlice> {
    if (from !== undefined && !/^-?\d{1,16}$/.test(from))
      throw argumentError("from is not a position in a history of layout 'community'")
    const table = await this.#connection.table(call)
    const fetchSize = Math.min(limit, MOST_ROWS)
    const [direction, sign] = order === 'oldest-first' ? ['ASC', '>'] : ['DESC', '<']
    const query =
      `SELECT message_ts, message_type, data FROM ${table.name} WHERE session_id = ?` +
      `${from === undefined ? '' : ` AND message_ts ${sign} ?`} ORDER BY message_ts ${direction} LIMIT ?`
    const params = [session, ...(from === undefined ? [] : [new Date(Number(from))]), fetchSize]
    const page = await table.page({ query, params }, fetchSize, call)
    const entries = page.rows.map(entryOf)
    const last = entries.at(-1)
    return last === undefined || isEnd(page, fetchSize) ? { entries } : { entries, next: last.position }
  }

  async clear(): Promise<void> {
    throw readOnly('cleared')
  }

  async sessions(range: { readonly prefix?: string; readonly after?: string }, call: Call): Promise<SessionSlice> {
    return sessions(await this.#connection.table(call), 'session_id', range, call)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}

function readOnly(done: string): HistoryError {
  return new HistoryError(`Cassandra: a table of layout 'community' is only read, not ${done}; write with layout 'cassio'`, {
    code: 'UNSUPPORTED',
  })
}

/** A row holds `data` as JSON, and its type beside it. */
function entryOf({ message_ts: time, message_type: type, data }: Row): RawEntry {
  const ms = (time as Date).getTime()
  return {
    position: String(ms),
    body: typeof data === 'string' ? `{"type":${JSON.stringify(type)},"data":${data}}` : new Error('a row without data'),
    ticks: BigInt(ms) * TICKS_PER_MS,
  }
}
