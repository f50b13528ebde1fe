import { type Call, isHistoryError, type RawEntry, type RawSlice, type ReadRange } from '@hist/core'
import { isReadFailure } from './errors.js'
import { FIRST_ROW, LAST_ROW, lowestRowId, positionOf, type RowId, rowIdAt, rowTicks } from './row-id.js'
import { isEnd, type Row, type Table } from './table.js'
import { SECOND } from './ticks.js'

/** Rows of a first page: most sessions are one page. */
const FIRST_ROWS = 100
/**
 * A node holds a whole page in memory: 40 messages of 4 MB in one page were measured to exhaust a heap of 512 MB. So the pages that follow
 * are as long as the messages so far were short.
 */
const PAGE_CHARACTERS = 4 * 1_024 * 1_024
const MOST_ROWS = 5_000
/** Of any size. */
const FEW_ROWS = 5
/** Allowance for unequal clocks when leaving out what must have expired. */
const EXPIRY_SLACK = 60n * SECOND

interface Place {
  readonly row?: RowId
  /** Rows to ask for from there on. */
  readonly rows: number
}

/** One page by one request, unless it is too much for the server. */
export async function read(table: Table, session: string, range: ReadRange, call: Call): Promise<RawSlice> {
  const place = parsePlace(range.from)
  const rows = Math.min(range.limit ?? MOST_ROWS, place.rows)
  const page = (most: number, bound = FIRST_ROW) => readPage(table, session, range.order, { ...place, rows: most }, call, bound)
  try {
    return await page(rows)
  } catch (error) {
    if (!isTooMuch(error)) throw error
  }
  try {
    return await page(Math.min(rows, FEW_ROWS))
  } catch (error) {
    const { ttlSeconds, onWarning } = table.settings
    if (!isReadFailure(error) || ttlSeconds === undefined) throw error
    // Not the rows but what has expired between them. Last, because it leaves out what others wrote to live longer, too.
    const slice = await page(rows, oldestAlive(table, ttlSeconds))
    onWarning({
      code: 'EXPIRED_ROWS',
      backend: 'cassandra',
      session,
      message: 'a read met so many expired rows that the server gave up; it was read again without what is older than ttlSeconds',
      cause: error,
    })
    return slice
  }
}

/** Not above any row that was written with `ttlSeconds` and is still there. */
export function oldestAlive(table: Table, ttlSeconds: number): RowId {
  return lowestRowId(table.settings.clock.now() - BigInt(ttlSeconds) * SECOND - EXPIRY_SLACK)
}

/** @param bound leave out what lies below */
async function readPage(
  table: Table,
  session: string,
  order: ReadRange['order'],
  place: Place,
  call: Call,
  bound: RowId,
): Promise<RawSlice> {
  const above = order === 'oldest-first' ? (place.row ?? FIRST_ROW) : FIRST_ROW
  const below = order === 'newest-first' ? (place.row ?? LAST_ROW) : LAST_ROW
  // One statement for each order, both bounds always given: a statement's first use has to be prepared, which takes 3 s if a node hangs.
  const query =
    `SELECT row_id, body_blob FROM ${table.name} WHERE partition_id = ? AND row_id > ? AND row_id < ?` +
    ` ORDER BY row_id ${order === 'oldest-first' ? 'ASC' : 'DESC'} LIMIT ?`
  const params = [session, later(above, bound), below, place.rows]
  const page = await table.page({ query, params }, place.rows, call)
  const last = page.rows.at(-1)
  const entries = page.rows.flatMap(entryOf)
  if (last === undefined || isEnd(page, place.rows)) return { entries }
  return { entries, next: `${positionOf(String(last.row_id))}.${rowsPerPage(entries)}` }
}

function rowsPerPage(entries: readonly RawEntry[]): number {
  if (entries.length === 0) return FIRST_ROWS
  const characters = entries.reduce((sum, { body }) => sum + (typeof body === 'string' ? body.length : 0), 1)
  return Math.max(1, Math.min(MOST_ROWS, Math.floor((PAGE_CHARACTERS * entries.length) / characters)))
}

/** Of an entry, or of an earlier `next`. */
function parsePlace(from: string | undefined): Place {
  if (from === undefined) return { rows: FIRST_ROWS }
  const [, position = from, rows = FIRST_ROWS] = /^(.*)\.([1-9]\d{0,3})$/.exec(from) ?? []
  return { row: rowIdAt(position), rows: Number(rows) }
}

function later(one: RowId, other: RowId): RowId {
  return rowTicks(one) < rowTicks(other) ? other : one
}

/** A row without a body is no message: the server takes such rows from others. */
function entryOf({ row_id: rowId, body_blob: body }: Row): RawEntry[] {
  if (typeof body !== 'string') return []
  const row = String(rowId)
  return [{ position: positionOf(row), body, ticks: rowTicks(row) }]
}

/** The nodes did not manage the page, or not in time. */
function isTooMuch(error: unknown): boolean {
  return isReadFailure(error) || (isHistoryError(error) && error.code === 'TIMEOUT')
}
