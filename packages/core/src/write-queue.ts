import { type DeadlineCall, withOutcome } from './call.js'

/** Runs a task in its session's turn. Rejects with what ended the call if the turn did not come in time; the task then never starts. */
export type RunInTurn = <T>(session: string, call: DeadlineCall, task: () => Promise<T>) => Promise<T>

/** Appends and clears of one session, one at a time, in call order. */
export function createWriteQueue(): RunInTurn {
  const tails = new Map<string, Promise<unknown>>()
  return (session, call, task) => {
    const ahead = Promise.resolve(tails.get(session))
    const turn = takeTurn(call, ahead, task)
    // One that waits and gives up leaves its own place, never the place of the one ahead that still runs.
    const tail = Promise.allSettled([ahead, turn])
    tails.set(session, tail)
    tail.then(() => {
      if (tails.get(session) === tail) tails.delete(session)
    })
    return turn
  }
}

async function takeTurn<T>(call: DeadlineCall, ahead: Promise<unknown>, task: () => Promise<T>): Promise<T> {
  await call.race(ahead).catch(over => {
    throw withOutcome(over, 'failed')
  })
  return task()
}
