import { argumentError, type Call, HistoryError, type RawEntry, type RawSlice, type ReadRange } from '@hist/core'
import { entryOf } from '../rows.js'
import type { Documents } from './documents.js'

const POSITION = /^(.*):(\d{1,15})$/s

interface FoundRow {
  readonly epoch?: unknown
  /** Place in the list, from 1. */
  readonly i: number
  readonly message: unknown
}

interface Position {
  readonly epoch: string
  readonly place: number
}

/** One query for a page of the session's list, and of the epoch that its places belong to; another one where that finds nothing. */
export async function read(documents: Documents, session: string, range: ReadRange, call: Call): Promise<RawSlice> {
  const isForward = range.order === 'oldest-first'
  const from = range.from === undefined ? undefined : parsePosition(range.from)
  const { limit = Number.POSITIVE_INFINITY } = range
  const { collection, list } = documents
  const query =
    'SELECT h.hist.epoch AS epoch, u.i AS i, u.m AS message' +
    ` FROM ${collection.name} h, UNNEST(${list} AS m WITH ORDINALITY AS i) AS u WHERE h._id = :s` +
    `${from === undefined ? '' : ` AND u.i ${isForward ? '>' : '<'} :from`} ORDER BY u.i${isForward ? '' : ' DESC'} LIMIT :n`
  const values = { s: session, ...(from === undefined ? {} : { from: from.place }) }
  const { rows, isEnd } = await collection.firstRows<FoundRow>(query, values, limit, call)
  // A document with its messages elsewhere is not an empty session.
  const epoch = rows[0] === undefined ? (await documents.currentHead(session, call))?.epoch : epochOf(rows[0].epoch)
  if (from !== undefined) checkEpoch(from, epoch)
  const entries = rows.map(({ i, message }): RawEntry => ({ position: `${epoch}:${i}`, ...entryOf(message) }))
  const last = rows.at(-1)
  if (last === undefined || isEnd || (!isForward && last.i === 1)) return { entries }
  return { entries, next: `${epoch}:${last.i}` }
}

/** A document that only Python's class has written has none. */
function epochOf(epoch: unknown): string {
  return typeof epoch === 'string' ? epoch : ''
}

/** Places are counted anew after a clear: what is behind an old one now is another message. */
function checkEpoch(from: Position, epoch: string | undefined): void {
  if (from.epoch === epoch) return
  const text = 'Rockset: the session was cleared since the position was read; read it from its start'
  throw new HistoryError(text, { code: 'CONFLICT', retryable: false })
}

function parsePosition(position: string): Position {
  const [, epoch, place] = POSITION.exec(position) ?? []
  if (epoch === undefined || place === undefined)
    throw argumentError("from is not a position in a Rockset history of layout 'session'")
  return { epoch, place: Number(place) }
}
