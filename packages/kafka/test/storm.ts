import { setTimeout as sleep } from 'node:timers/promises'
import type { HistoryStore } from '@hist/core'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Attempt, failedButStored, outcomeOf, problemsOf, textsOf } from '../../core/test/storm-report.js'

export interface StormPlan {
  readonly store: HistoryStore
  readonly sessions: readonly string[]
  /** Every second one calls `append` several times before it waits for the first. */
  readonly writers: number
  /** What happens while they write; the storm ends soon after it. */
  incident(): Promise<void>
}

export interface StormReport {
  readonly acknowledged: number
  /** Errors of appends, as text. */
  readonly rejected: readonly string[]
  readonly reads: number
  /** By session: how long none of its appends was acknowledged. */
  readonly longestGapMs: ReadonlyMap<string, number>
  readonly longestReadMs: number
  /** Everything that breaks a promise. */
  readonly problems: readonly string[]
}

const BURST = 3
/** A few thousand appends are enough. */
const PAUSE_MS = 35
const READ_EVERY_MS = 60
/** Before the incident, and after it. */
const CALM_MS = 1_500

/** Writers append to their sessions through one store, readers look on, and something happens to the brokers. */
export async function runStorm({ store, sessions, writers, incident }: StormPlan): Promise<StormReport> {
  const attempts = new Map(sessions.map(session => [session, [] as Attempt[]]))
  const lastAck = new Map<string, number>()
  const longestGapMs = new Map<string, number>()
  const problems = new Set<string>()
  const rejected: string[] = []
  let acknowledged = 0
  let reads = 0
  let longestReadMs = 0
  let goesOn = true

  const append = async (session: string, writer: string, number: number) => {
    const attempt: Attempt = { writer, number, size: 1 + (number % 3), outcome: 'running' }
    attempts.get(session)?.push(attempt)
    const texts = textsOf(attempt)
    const began = performance.now()
    try {
      await store.session(session).append(texts.map(human))
      attempt.outcome = 'acknowledged'
      acknowledged += 1
      const now = performance.now()
      longestGapMs.set(session, Math.max(longestGapMs.get(session) ?? 0, now - (lastAck.get(session) ?? began)))
      lastAck.set(session, now)
    } catch (error) {
      attempt.outcome = outcomeOf(error, problems)
      rejected.push(`${writer} ${number}: ${attempt.outcome}: ${error}`)
    }
  }

  const write = async (index: number) => {
    const burst = index % 2 === 1 ? BURST : 1
    for (let number = 0; goesOn; number += burst) {
      await Promise.all(range(burst).map(more => append(sessions[index % sessions.length] ?? '', `w${index}`, number + more)))
      await sleep(PAUSE_MS * burst)
    }
  }

  const readAll = async (session: string) => {
    const known = (attempts.get(session) ?? []).filter(({ outcome }) => outcome === 'acknowledged')
    const began = performance.now()
    const stored = contents(await store.session(session).messages()).map(String)
    longestReadMs = Math.max(longestReadMs, performance.now() - began)
    for (const problem of problemsOf(stored, known)) problems.add(`session ${session}: ${problem}`)
    return stored
  }

  const look = async () => {
    for (; goesOn; reads += 1) {
      await readAll(sessions[reads % sessions.length] ?? '').catch(error => problems.add(`read: ${error}`))
      await sleep(READ_EVERY_MS)
    }
  }

  const happen = async () => {
    await sleep(CALM_MS)
    await incident()
    await sleep(CALM_MS)
  }

  await Promise.all([look(), ...range(writers).map(write), happen().finally(() => (goesOn = false))])
  for (const session of sessions) {
    for (const problem of failedButStored(await readAll(session), attempts.get(session) ?? []))
      problems.add(`session ${session}: ${problem}`)
  }
  return { acknowledged, rejected, reads, longestGapMs, longestReadMs, problems: [...problems] }
}
