import { type DeadlineCall, withOutcome } from './call.js'

/** Runs a task in its session's turn. Rejects with what ended the call if the turn did not come in time; the task then never starts. */
export type RunInTurn = <T>(session: string, call: DeadlineCall, task: () => Promise<T>) => Promise<T>

/** Appends and clears of one session, one at a time, in call order. */
export function createWriteQueue(): RunInTurn {
  const tails = new Map<string, Promise<void>>()
  return async (session, call, task) => {
    const ahead = tails.get(session)
    let leave: () => void = () => undefined
    const mine = new Promise<void>(resolve => {
      leave = resolve
    })
    // A waiter that gives up leaves its own place, never the place of the one ahead that still runs.
    const tail = ahead === undefined ? mine : ahead.then(() => mine)
    tails.set(session, tail)
    tail.then(() => {
      if (tails.get(session) === tail) tails.delete(session)
    })
    try {
      await call.race(Promise.resolve(ahead)).catch(over => {
        throw withOutcome(over, 'failed')
      })
      return await task()
    } finally {
      leave()
    }
  }
}
