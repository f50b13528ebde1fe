import { type DeadlineCall, withOutcome } from './call.js'

/** Appends and clears of one session, one at a time, in call order. */
export class WriteQueue {
  readonly #tails = new Map<string, Promise<void>>()

  /** Rejects with what ended the call if its turn did not come in time; `task` then never starts. */
  async run<T>(session: string, call: DeadlineCall, task: () => Promise<T>): Promise<T> {
    const ahead = this.#tails.get(session)
    let leave: () => void = () => undefined
    const mine = new Promise<void>(resolve => {
      leave = resolve
    })
    // A waiter that gives up leaves its own place, never the place of the one ahead that still runs.
    const tail = ahead === undefined ? mine : ahead.then(() => mine)
    this.#tails.set(session, tail)
    tail.then(() => {
      if (this.#tails.get(session) === tail) this.#tails.delete(session)
    })
    try {
      if (ahead !== undefined) await this.#wait(call, ahead)
      return await task()
    } finally {
      leave()
    }
  }

  async #wait(call: DeadlineCall, ahead: Promise<void>): Promise<void> {
    try {
      await call.race(ahead)
    } catch (over) {
      throw withOutcome(over, 'failed')
    }
  }
}
