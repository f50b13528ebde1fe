import type { OptionCheck } from './options.js'

/**
 * Name and place of one append: `<18 digits>-<16 hex>`. The digits are 100-ns ticks since 1970, the hex digits the writer (14 bits
 * of clock sequence in four, 48 bits of node in twelve). Its text order is its order in every layout that is ordered by id.
 */
export type AppendId = string

const APPEND_ID = /^\d{18}-[0-3][0-9a-f]{15}$/

/** 100-ns ticks in a millisecond. */
export const TICKS_PER_MS = 10_000n

export function formatAppendId(ticks: bigint, writer: string): AppendId {
  return `${ticks.toString().padStart(18, '0')}-${writer}`
}

export const appendIdCheck: OptionCheck = {
  be: 'an append id',
  holds: id => typeof id === 'string' && APPEND_ID.test(id),
}

/** 100-ns ticks since 1970. */
export function ticksOf(id: AppendId): bigint {
  return BigInt(id.slice(0, 18))
}

/** Milliseconds since 1970, whole. */
export function millisecondsOf(id: AppendId): number {
  return Number(ticksOf(id) / TICKS_PER_MS)
}
