import type { Call } from './backend.js'
import { HistoryError, isHistoryError } from './errors.js'

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
  readonly #timeoutMs: number
  readonly #timer: NodeJS.Timeout
  readonly #caller: AbortSignal | undefined
  readonly #onCallerAbort = () => this.#controller.abort(abortedBy(this.#caller))

  constructor(timeoutMs: number, caller?: AbortSignal) {
    this.signal = this.#controller.signal
    this.#timeoutMs = timeoutMs
    this.#deadline = performance.now() + timeoutMs
    this.#timer = setTimeout(() => this.#expire(), timeoutMs)
    this.#caller = caller
    if (caller?.aborted) this.#onCallerAbort()
    else caller?.addEventListener('abort', this.#onCallerAbort, { once: true })
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
    const controller = new AbortController()
    const onAbort = () => controller.abort(this.signal.reason)
    const timer = limitMs < this.remainingMs() ? setTimeout(() => controller.abort(requestTimeout(limitMs)), limitMs) : undefined
    this.signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await raceSignal(controller.signal, start(controller.signal))
    } catch (error) {
      // A driver that heard the abort throws its own AbortError; what ended the request is what counts.
      throw controller.signal.aborted ? controller.signal.reason : error
    } finally {
      clearTimeout(timer)
      this.signal.removeEventListener('abort', onAbort)
    }
  }

  /** Resolves after `ms`, or rejects when the call is over. */
  async pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    try {
      await this.race(
        new Promise<void>(resolve => {
          timer = setTimeout(resolve, ms)
        }),
      )
    } finally {
      clearTimeout(timer)
    }
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#caller?.removeEventListener('abort', this.#onCallerAbort)
  }

  #expire(): void {
    this.#controller.abort(new HistoryError(`no answer within the deadline of ${this.#timeoutMs} ms`, { code: 'TIMEOUT' }))
  }
}

function abortedBy(caller: AbortSignal | undefined): HistoryError {
  return new HistoryError("aborted by the caller's signal", { code: 'ABORTED', outcome: 'unknown', cause: caller?.reason })
}

function requestTimeout(limitMs: number): HistoryError {
  return new HistoryError(`no answer to one request within ${limitMs} ms`, { code: 'TIMEOUT' })
}

const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 2_000

export interface AttemptOptions {
  /** Whether something may have been written before the first attempt. @default false */
  readonly unclear?: boolean
  /** No attempt starts later than this after the first one. @default Infinity */
  readonly giveUpAfterMs?: number
}

/**
 * Repeats `run` with back-off and jitter while its errors are retryable and time remains. `run` is told whether an earlier attempt
 * ended unclear. The error that comes out is the last attempt's; an `unknown` of any of them sticks.
 */
export async function attempts<T>(call: DeadlineCall, run: (unclear: boolean) => Promise<T>, options: AttemptOptions = {}): Promise<T> {
  const { giveUpAfterMs = Number.POSITIVE_INFINITY } = options
  const began = performance.now()
  let unclear = options.unclear ?? false
  let last: unknown
  for (let number = 0; ; number++) {
    try {
      call.throwIfOver()
    } catch (over) {
      // Nothing was sent this time; what failed before says more than that the deadline passed meanwhile.
      throw last !== undefined && isHistoryError(over) && over.code === 'TIMEOUT' ? last : withOutcome(over, unclear ? 'unknown' : 'failed')
    }
    try {
      return await call.race(run(unclear))
    } catch (error) {
      if (!isHistoryError(error)) throw error
      unclear ||= error.outcome === 'unknown'
      last = unclear ? withOutcome(error, 'unknown') : error
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** number) * (0.5 + Math.random() / 2)
      const late = performance.now() - began + pauseMs > giveUpAfterMs || pauseMs >= call.remainingMs()
      if (!error.retryable || call.signal.aborted || late) throw last
      await call.pause(pauseMs).catch(() => undefined)
    }
  }
}

/** The same error with another outcome. */
export function withOutcome(error: unknown, outcome: 'failed' | 'unknown'): unknown {
  if (!isHistoryError(error) || error.outcome === outcome) return error
  return describeError(error, { outcome })
}

/** The same error with more said about it; the stack stays that of the place where it happened. */
export function describeError(error: HistoryError, more: Partial<Pick<HistoryError, 'outcome' | 'backend' | 'session' | 'appendId'>>): HistoryError {
  const { message, code, retryable, outcome, appendId, backend, session, entry, cause, stack } = error
  const described = new HistoryError(message, { code, retryable, outcome, appendId, backend, session, entry, cause, ...more })
  if (stack !== undefined) described.stack = stack
  return described
}
