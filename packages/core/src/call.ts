import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from './backend.js'
import { HistoryError, type HistoryErrorDetails, isHistoryError } from './errors.js'

/**
 * Settles as `promise` does, or rejects with the signal's reason. The abort is held back for one turn of the event loop, so that
 * a backend that hears it too can say more exactly what it means (`failed`: nothing was sent yet).
 */
export function raceSignal<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => setImmediate(() => reject(signal.reason))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    const settle = (done: () => void) => {
      signal.removeEventListener('abort', onAbort)
      done()
    }
    promise.then(
      value => settle(() => resolve(value)),
      error => settle(() => reject(error)),
    )
  })
}

/** One controller and one cleared timer per call: `AbortSignal.any` and `AbortSignal.timeout` cost more and leak listeners. */
export class DeadlineCall implements Call {
  readonly signal: AbortSignal
  readonly #controller = new AbortController()
  readonly #deadline: number
  readonly #timer: NodeJS.Timeout
  readonly #end: () => void
  readonly #expire: () => void

  /** @param outer ends this call too, for the reason that `reasonOf` gives */
  constructor(timeoutMs: number, outer?: AbortSignal, reasonOf: (outer: AbortSignal) => unknown = abortedBy) {
    this.signal = this.#controller.signal
    this.#deadline = performance.now() + timeoutMs
    this.#expire = () => this.#controller.abort(new HistoryError(`no answer within ${timeoutMs} ms`, { code: 'TIMEOUT' }))
    this.#timer = setTimeout(this.#expire, timeoutMs)
    const onAbort = () => this.#controller.abort(outer && reasonOf(outer))
    if (outer?.aborted) onAbort()
    outer?.addEventListener('abort', onAbort)
    this.#end = () => outer?.removeEventListener('abort', onAbort)
  }

  remainingMs(): number {
    return this.signal.aborted ? 0 : Math.max(0, this.#deadline - performance.now())
  }

  /** @throws what ended the call. Looks at the clock too: timers that are due together fire one after the other. */
  throwIfOver(): void {
    if (this.remainingMs() === 0) this.#expire()
    if (this.signal.aborted) throw this.signal.reason
  }

  race<T>(promise: Promise<T>): Promise<T> {
    return raceSignal(this.signal, promise)
  }

  async request<T>(limitMs: number, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.throwIfOver()
    const request = new DeadlineCall(limitMs, this.signal, call => call.reason)
    try {
      return await request.race(start(request.signal))
    } catch (error) {
      // A driver that heard the abort throws its own AbortError; what ended the request is what counts.
      throw request.signal.aborted ? request.signal.reason : error
    } finally {
      request.end()
    }
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#end()
  }
}

function abortedBy(caller: AbortSignal): HistoryError {
  return new HistoryError('aborted by the caller', { code: 'ABORTED', outcome: 'unknown', cause: caller.reason })
}

const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 2_000

/**
 * Repeats `run` with back-off and jitter while its errors are retryable and time remains. `run` is told whether an earlier attempt
 * ended unclear. The error that comes out is the last attempt's; an `unknown` of any of them sticks.
 *
 * @param unclear whether something may have been written before the first attempt
 * @param giveUpAfterMs no attempt starts later than this after the first one
 */
export async function attempts<T>(
  call: DeadlineCall,
  run: (unclear: boolean) => Promise<T>,
  unclear = false,
  giveUpAfterMs = Infinity,
): Promise<T> {
  const began = performance.now()
  let last: HistoryError | undefined
  for (let number = 0; ; number++) {
    let sent = false
    try {
      call.throwIfOver()
      sent = true
      return await call.race(run(unclear))
    } catch (error) {
      if (!isHistoryError(error)) throw error
      // What failed before says more than that the deadline has passed since.
      if (!sent && last !== undefined && error.code === 'TIMEOUT') throw last
      unclear ||= sent && error.outcome === 'unknown'
      // A timeout has no cause of its own; after a failure, what that met is why there was a repeat.
      last = describeError(error, { cause: error.cause ?? last?.cause, outcome: unclear ? 'unknown' : 'failed' })
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** number) * (0.5 + Math.random() / 2)
      const late = performance.now() - began + pauseMs > giveUpAfterMs || pauseMs >= call.remainingMs()
      if (!error.retryable || late) throw last
      await sleep(pauseMs, undefined, { signal: call.signal }).catch(() => undefined)
    }
  }
}

/** The same error with another outcome. */
export function withOutcome(error: unknown, outcome: 'failed' | 'unknown'): unknown {
  return isHistoryError(error) ? describeError(error, { outcome }) : error
}

/** The same error with more said about it. */
export function describeError(error: HistoryError, more: Partial<HistoryErrorDetails>): HistoryError {
  return new HistoryError(error.message, { ...error, cause: error.cause, ...more })
}
