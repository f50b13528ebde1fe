import type { Call } from '@hist/core'
import { isReadFailure } from './errors.js'
import { oldestAlive } from './read.js'
import { appendBounds, FIRST_ROW, highestRowId, LAST_ROW, type RowId, rowTicks } from './row-id.js'
import type { Row, Statement, Table } from './table.js'
import { MICROSECOND, microsecondsOf, SECOND } from './ticks.js'

/** Ids within this time before the server's now are removed one by one: a later append by a clock that is behind may sort below them. */
const RECENT = 10n * SECOND
const PAGE = 1_000
/** Statements of one batch; 20,000 were measured to take 0.4 s. */
const MOST_STATEMENTS = 5_000

interface Seen {
  /** The coordinator's clock, the only one that all clients share, in ticks. */
  readonly now: bigint
  readonly newest: bigint
  /** Rows above the bound: of each append the highest write time in microseconds, by one of its rows. */
  readonly recent: ReadonlyMap<RowId, bigint>
  /** Highest write time of all rows that were read, in microseconds. */
  readonly written: bigint
}

/**
 * Two round trips: looks at the newest rows, then removes in one mutation everything older than 10 s, and each of the younger appends by
 * its own write time. So nothing that is appended later is hidden, whichever clocks are wrong, up to 10 s behind the server's.
 */
export async function clear(table: Table, session: string, call: Call): Promise<{ observed?: bigint }> {
  let seen: Seen | undefined
  try {
    seen = await look(table, session, call)
  } catch (error) {
    if (!isReadFailure(error)) throw error
    return clearUnreadable(table, session, call)
  }
  if (seen === undefined) return {}
  await remove(table, session, seen, call)
  return { observed: seen.newest }
}

/** By this machine's clock; its next append gets a later write time, because the ticks are returned. */
export async function clearPartition(table: Table, session: string, newest: bigint, call: Call): Promise<{ observed: bigint }> {
  const now = table.settings.clock.now()
  const timestamp = microsecondsOf(now > newest ? now : newest)
  await table.execute(deletePartition(table, session), call, { timestamp })
  return { observed: BigInt(timestamp) * MICROSECOND + (MICROSECOND - 1n) }
}

async function clearUnreadable(table: Table, session: string, call: Call): Promise<{ observed?: bigint }> {
  const { ttlSeconds, clock } = table.settings
  if (ttlSeconds === undefined) return clearPartition(table, session, 0n, call)
  let seen: Seen | undefined
  try {
    seen = await look(table, session, call, oldestAlive(table, ttlSeconds))
  } catch (error) {
    if (!isReadFailure(error)) throw error
    return clearPartition(table, session, 0n, call)
  }
  // Rows below the bound, written without a TTL, may be hidden by those that have expired.
  if (seen === undefined)
    await table.execute(deletePartition(table, session), call, { timestamp: microsecondsOf(clock.now() - RECENT) })
  else await remove(table, session, seen, call)
  return seen === undefined ? {} : { observed: seen.newest }
}

async function look(table: Table, session: string, call: Call, bound = FIRST_ROW): Promise<Seen | undefined> {
  let below = LAST_ROW
  let first: { readonly now: bigint; readonly newest: bigint } | undefined
  let written = 0n
  const recent = new Map<RowId, bigint>()
  for (;;) {
    const rows = await page(table, session, call, below, bound)
    for (const row of rows) {
      const rowId = String(row.id)
      const ticks = rowTicks(rowId)
      first ??= { now: rowTicks(String(row.now)), newest: ticks }
      // A row without a body has no write time of it.
      const time = row.written == null ? first.now / MICROSECOND : BigInt(String(row.written))
      if (time > written) written = time
      if (ticks <= first.now - RECENT) continue
      const [append] = appendBounds(rowId)
      recent.set(append, later(recent.get(append), time))
    }
    const last = rows.at(-1)
    if (first === undefined) return undefined
    if (last === undefined || rowTicks(String(last.id)) <= first.now - RECENT || rows.length < PAGE)
      return { ...first, recent, written }
    below = String(last.id)
  }
}

async function page(table: Table, session: string, call: Call, below: RowId, bound: RowId): Promise<readonly Row[]> {
  const query =
    `SELECT row_id AS id, writetime(body_blob) AS written, now() AS now FROM ${table.name}` +
    ' WHERE partition_id = ? AND row_id > ? AND row_id < ? ORDER BY row_id DESC LIMIT ?'
  const params = [session, bound, below, PAGE]
  const rows: Row[] = []
  let pageState: string | null | undefined
  do {
    const result = await table.execute({ query, params }, call, { fetchSize: PAGE, ...(pageState ? { pageState } : {}) })
    rows.push(...result.rows)
    pageState = result.pageState
  } while (pageState)
  return rows
}

async function remove(table: Table, session: string, { now, recent, written }: Seen, call: Call): Promise<void> {
  const bound = now - RECENT
  const old = later(now / MICROSECOND, written + 1n)
  const deletes: Statement[] = []
  for (const [append, time] of recent) {
    const [lowest, highest] = appendBounds(append)
    deletes.push({
      query: `DELETE FROM ${table.name} USING TIMESTAMP ? WHERE partition_id = ? AND row_id >= ? AND row_id <= ?`,
      params: [String(time), session, lowest, highest],
    })
  }
  while (deletes.length > MOST_STATEMENTS) await table.batch(deletes.splice(-MOST_STATEMENTS), call)
  deletes.push(
    // Lets reads skip all that is older without looking at it.
    {
      query: `DELETE FROM ${table.name} USING TIMESTAMP ? WHERE partition_id = ?`,
      params: [String(bound / MICROSECOND), session],
    },
    {
      query: `DELETE FROM ${table.name} USING TIMESTAMP ? WHERE partition_id = ? AND row_id <= ?`,
      params: [String(old), session, highestRowId(bound)],
    },
  )
  await table.batch(deletes, call)
}

function deletePartition(table: Table, session: string): Statement {
  return { query: `DELETE FROM ${table.name} WHERE partition_id = ?`, params: [session] }
}

function later(one: bigint | undefined, other: bigint): bigint {
  return one !== undefined && one > other ? one : other
}
