import { TICKS_PER_MS } from '@hist/core/backend'

/** 100-ns ticks. */
export const MICROSECOND = 10n
export const SECOND = 1_000n * TICKS_PER_MS

/** Write timestamps count microseconds since 1970. */
export function microsecondsOf(ticks: bigint): number {
  return Number(ticks / MICROSECOND)
}
