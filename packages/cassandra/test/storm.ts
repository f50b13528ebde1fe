import { setTimeout as sleep } from 'node:timers/promises'
import type { HistoryStore } from '@hist/core'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Attempt, failedButStored, outcomeOf, problemsOf, textsOf } from '../../core/test/storm-report.js'

export interface StormPlan {
  readonly store: HistoryStore
  /** Its sessions begin with this. */
  readonly name: string
  /** At least so many appends, and until the incident is over. */
  readonly appends: number
  readonly sessions: number
  readonly writers: number
  /** Every second writer calls `append` several times before it waits for the first. */
  readonly bursts: boolean
  /** What happens after a quarter of the appends. */
  incident(): Promise<void>
}

export interface StormReport {
  readonly acknowledged: number
  /** Errors of appends, as text. */
  readonly rejected: readonly string[]
  readonly reads: number
  readonly longestAppendMs: number
  readonly longestReadMs: number
  /** Everything that breaks a promise. */
  readonly problems: readonly string[]
}

const BURST = 5
/** Several thousand appends are enough; a node's disk has to take them all. */
const PAUSE_MS = 4
const READ_EVERY_MS = 40
const SETTLE_MS = 500

/** Writers append to their sessions through one store, readers look on, and something happens to the database. */
export async function runStorm(plan: StormPlan): Promise<StormReport> {
  const { store, name, writers, sessions } = plan
  const attempts = range(sessions).map((): Attempt[] => [])
  const problems = new Set<string>()
  const rejected: string[] = []
  const longest = { append: 0, read: 0 }
  let started = 0
  let acknowledged = 0
  let reads = 0
  let goesOn = true
  let incident: Promise<void> | undefined

  const append = async (session: number, writer: string, number: number) => {
    const attempt: Attempt = { writer, number, size: 1 + (number % 3), outcome: 'running' }
    attempts[session]?.push(attempt)
    started += 1
    if (started * 4 >= plan.appends) incident ??= plan.incident().finally(() => setTimeout(() => (goesOn = false), SETTLE_MS))
    const texts = textsOf(attempt)
    const began = performance.now()
    try {
      await store.session(`${name} ${session}`).append(texts.map(human))
      attempt.outcome = 'acknowledged'
      acknowledged += 1
    } catch (error) {
      attempt.outcome = outcomeOf(error, problems)
      rejected.push(`${writer} ${number}: ${attempt.outcome}: ${error}`)
    }
    longest.append = Math.max(longest.append, performance.now() - began)
  }

  const write = async (index: number) => {
    const burst = plan.bursts && index % 2 === 1 ? BURST : 1
    for (let number = 0; goesOn || started < plan.appends; number += burst) {
      await Promise.all(range(burst).map(more => append(index % sessions, `w${index}`, number + more)))
      await sleep(PAUSE_MS * burst)
    }
  }

  const readAll = async (session: number) => {
    const known = (attempts[session] ?? []).filter(({ outcome }) => outcome === 'acknowledged')
    const began = performance.now()
    const stored = contents(await store.session(`${name} ${session}`).messages()).map(String)
    longest.read = Math.max(longest.read, performance.now() - began)
    for (const problem of problemsOf(stored, known)) problems.add(`session ${session}: ${problem}`)
    return stored
  }

  const look = async () => {
    for (; goesOn; reads += 1) {
      await readAll(reads % sessions).catch(error => problems.add(`read: ${error}`))
      await sleep(READ_EVERY_MS)
    }
  }

  await Promise.all([look(), ...range(writers).map(write)])
  await incident
  for (const session of range(sessions)) {
    for (const problem of failedButStored(await readAll(session), attempts[session] ?? []))
      problems.add(`session ${session}: ${problem}`)
  }
  return { acknowledged, rejected, reads, longestAppendMs: longest.append, longestReadMs: longest.read, problems: [...problems] }
}
