import { type AppendId, argumentError } from '@hist/core'
import { ticksOf } from '@hist/core/backend'

/** A version 1 UUID as text: 60 bits of ticks since 1582, clock sequence, node. */
export type RowId = string

/** 100-ns ticks from 1582-10-15, where TIMEUUIDs begin, to 1970 (RFC 9562, section 5.1). */
const TICKS_TO_1970 = 0x01b2_1dd2_1381_4000n
const VARIANT = 0x8000
/** Cassandra orders equal ticks by the last eight bytes as signed ones: with the sign turned over, counting up is their order. */
const SIGNS = 0x8080

/** Of the message at `index` of an append: all have the append's tick, so that no other append's rows come between them. */
export function rowIdOf(id: AppendId, index: number): RowId {
  const clockSequence = (VARIANT | Number.parseInt(id.slice(19, 23), 16)).toString(16)
  return rowId(ticksOf(id), clockSequence, id.slice(23, 31) + (index ^ SIGNS).toString(16).padStart(4, '0'))
}

/** Below and above all rows. */
export const FIRST_ROW: RowId = '00000000-0000-1000-8080-808080808080'
export const LAST_ROW: RowId = 'ffffffff-ffff-1fff-7f7f-7f7f7f7f7f7f'

/** Not above any row of these ticks. */
export function lowestRowId(ticks: bigint): RowId {
  return rowId(ticks, '8080', '808080808080')
}

/** Not below any row of these ticks. */
export function highestRowId(ticks: bigint): RowId {
  return rowId(ticks, '7f7f', '7f7f7f7f7f7f')
}

/** Of the rows of one append: the lowest and the highest that there can be. */
export function appendBounds(row: RowId): readonly [RowId, RowId] {
  return [`${row.slice(0, 32)}8080`, `${row.slice(0, 32)}7f7f`]
}

/** 100-ns ticks since 1970. */
export function rowTicks(row: RowId): bigint {
  return BigInt(`0x${row.slice(15, 18)}${row.slice(9, 13)}${row.slice(0, 8)}`) - TICKS_TO_1970
}

/** The row id as 32 hex digits. */
export function positionOf(row: RowId): string {
  return row.replaceAll('-', '')
}

export function rowIdAt(position: string): RowId {
  const [, low, mid, high, sequence, node] = /^(\w{8})(\w{4})(1\w{3})(\w{4})(\w{12})$/.exec(position) ?? []
  if (!/^[0-9a-f]+$/.test(position) || node === undefined) throw argumentError('from is not a position in a Cassandra history')
  return `${low}-${mid}-${high}-${sequence}-${node}`
}

function rowId(ticks: bigint, clockSequence: string, node: string): RowId {
  const hex = (ticks + TICKS_TO_1970).toString(16).padStart(15, '0')
  return `${hex.slice(7)}-${hex.slice(3, 7)}-1${hex.slice(0, 3)}-${clockSequence}-${node}`
}
