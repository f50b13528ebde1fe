import type { Clock } from '@hist/core'
import { systemClock, TICKS_PER_MS } from '@hist/core/backend'

export interface TestClockOptions {
  /** Milliseconds since 1970. @default the present */
  startMs?: number
}

/** A clock that stands still until it is told otherwise. Every one is a writer of its own, like a process of its own. */
export interface TestClock extends Clock {
  /** Moves on by so many milliseconds, or back if negative. */
  advance(ms: number): void
  /** Milliseconds since 1970. */
  set(ms: number): void
}

export function createTestClock({ startMs = Date.now() }: TestClockOptions = {}): TestClock {
  let ticks = ticksOfMs(startMs)
  return {
    now: () => ticks,
    advance(ms) {
      ticks += ticksOfMs(ms)
    },
    set(ms) {
      ticks = ticksOfMs(ms)
    },
  }
}

/** The system's time, `offsetMs` off, as the clock of another process. */
export function otherProcessClock(offsetMs = 0): Clock {
  const offset = ticksOfMs(offsetMs)
  return { now: () => systemClock.now() + offset }
}

function ticksOfMs(ms: number): bigint {
  return BigInt(Math.round(ms * Number(TICKS_PER_MS)))
}
