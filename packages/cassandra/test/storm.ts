import { setTimeout as sleep } from 'node:timers/promises'
import { type HistoryError, type HistoryStore, isHistoryError } from '@hist/core'
import { contents, human, range } from './database.js'

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

/** One append of a writer, numbered in its call order. */
interface Attempt {
  readonly writer: string
  readonly number: number
  readonly size: number
  outcome: 'running' | 'acknowledged' | 'failed' | 'unknown'
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
    const texts = range(attempt.size).map(part => `${writer} ${number} ${part} ${attempt.size}`)
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
    const stored = new Set((await readAll(session)).map(text => text.split(' ', 2).join(' ')))
    const own = attempts[session] ?? []
    const failed = own.filter(({ outcome }) => outcome === 'failed')
    for (const { writer, number } of failed)
      if (stored.has(`${writer} ${number}`))
        problems.add(`session ${session}: ${writer} ${number} is there, but was rejected as failed`)
  }
  return { acknowledged, rejected, reads, longestAppendMs: longest.append, longestReadMs: longest.read, problems: [...problems] }
}

function outcomeOf(error: unknown, problems: Set<string>): HistoryError['outcome'] {
  if (isHistoryError(error)) return error.outcome
  problems.add(`not a HistoryError: ${error}`)
  return 'unknown'
}

/** @param known what must be there, once; anything else may be, but not twice, torn or out of its writer's order */
function problemsOf(stored: readonly string[], known: readonly Attempt[]): string[] {
  const problems: string[] = []
  const newest = new Map<string, number>()
  const found = new Set<string>()
  for (let index = 0; index < stored.length; ) {
    const [writer = '', number = '', , size = ''] = (stored[index] ?? '').split(' ')
    const turn = stored.slice(index, index + Number(size))
    const whole = range(Number(size)).map(part => `${writer} ${number} ${part} ${size}`)
    if (turn.join() !== whole.join()) return [`torn: ${stored.slice(Math.max(0, index - 2), index + 4).join(', ')}`]
    if (Number(number) <= (newest.get(writer) ?? -1)) problems.push(`${writer} ${number} comes after ${newest.get(writer)}`)
    newest.set(writer, Number(number))
    found.add(`${writer} ${number}`)
    index += turn.length
  }
  for (const { writer, number } of known) if (!found.has(`${writer} ${number}`)) problems.push(`${writer} ${number} is lost`)
  return problems
}
