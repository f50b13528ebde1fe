import type { Call } from './backend.js'
import { DeadlineCall, raceSignal, withOutcome } from './call.js'

/**
 * Something a backend does once for all its callers: opening a client, creating a table. Starts with the first `get`, is shared by
 * all, survives one caller's abort, has its own limit, and is forgotten when it fails, so that the next call tries again.
 */
export class Once<T> {
  readonly #limitMs: number
  readonly #start: (call: Call) => Promise<T>
  #result: Promise<T> | undefined

  /** @param limitMs how long `start` may take, in milliseconds */
  constructor(limitMs: number, start: (call: Call) => Promise<T>) {
    this.#limitMs = limitMs
    this.#start = start
  }

  /** Waits for the result as long as `call` lasts. Errors have outcome `failed`: nothing of the caller's was sent. */
  async get(call: Call): Promise<T> {
    try {
      return await raceSignal(call.signal, this.#begin())
    } catch (error) {
      throw withOutcome(error, 'failed')
    }
  }

  /** Begins before anybody asks. A failure is not lost: the next `get` tries again and reports its own. */
  beginInBackground(): void {
    this.#begin().catch(() => undefined)
  }

  #begin(): Promise<T> {
    if (this.#result !== undefined) return this.#result
    const call = new DeadlineCall(this.#limitMs)
    const result = call.race(this.#start(call)).finally(() => call.end())
    this.#result = result
    result.catch(() => {
      this.#result = undefined
    })
    return result
  }
}
