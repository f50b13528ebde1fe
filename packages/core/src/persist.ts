import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from './backend.js'
import { isHistoryError } from './errors.js'

const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 1_000

/** Waits so many milliseconds, or throws what ended the call. */
export async function pause(ms: number, call: Call): Promise<void> {
  try {
    await sleep(ms, undefined, { signal: call.signal })
  } catch {
    throw call.signal.reason
  }
}

/** How long to wait before repetition number 0, 1, 2 …, in milliseconds: growing to a second, with jitter. */
export function pauseBefore(repetition: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(repetition, 10)) * (0.5 + Math.random() / 2)
}

/**
 * Repeats one request of a call that takes many, while its errors are retryable and time remains: to start the whole call again, as
 * core would, costs all the requests before it.
 */
export async function persist<T>(call: Call, request: () => Promise<T>): Promise<T> {
  for (let repetition = 0; ; repetition++) {
    try {
      return await request()
    } catch (error) {
      const pauseMs = pauseBefore(repetition)
      if (!isHistoryError(error) || !error.retryable || pauseMs >= call.remainingMs()) throw error
      await pause(pauseMs, call)
    }
  }
}
