import type { Call, RawEntry, RawSlice, ReadRange } from '@hist/core'
import { ticksOf } from '@hist/core/backend'
import type { Collection } from '../collection.js'
import { entryOf, isAppendId } from '../rows.js'
import { ALIVE } from './document.js'

/** One query for a page. */
export async function read(collection: Collection, session: string, range: ReadRange, call: Call): Promise<RawSlice> {
  const { order, from, limit = Number.POSITIVE_INFINITY } = range
  const isForward = order === 'oldest-first'
  const bound = from === undefined ? '' : ` AND m.seq ${isForward ? '>' : '<'} :from`
  const query =
    `SELECT m.seq AS seq, m.message AS message FROM ${collection.name} m` +
    ` WHERE m.session_id = :s${bound} AND ${ALIVE} ORDER BY m.seq${isForward ? '' : ' DESC'} LIMIT :n`
  const values = { s: session, now: collection.nowMs(), ...(from === undefined ? {} : { from }) }
  const { rows, isEnd } = await collection.firstRows<{ seq: string; message: unknown }>(query, values, limit, call)
  const entries = rows.map(({ seq, message }): RawEntry => ({ position: seq, ...entryOf(message), ...timeOf(seq) }))
  const last = entries.at(-1)
  return last === undefined || isEnd ? { entries } : { entries, next: last.position }
}

function timeOf(seq: string): { ticks?: bigint } {
  const append = appendOf(seq)
  return append === undefined ? {} : { ticks: ticksOf(append) }
}

/** The id of the append; undefined if somebody else made the place. */
export function appendOf(seq: string): string | undefined {
  const append = seq.slice(0, -'-00000'.length)
  return isAppendId(append) ? append : undefined
}
