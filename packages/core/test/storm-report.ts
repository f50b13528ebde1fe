// What tests of several writers look for in a session, whatever happened to the database meanwhile.
import { type HistoryError, isHistoryError } from '@hist/core'

/** One append of a writer, numbered in its call order. */
export interface Attempt {
  readonly writer: string
  readonly number: number
  readonly size: number
  outcome: 'running' | 'acknowledged' | 'failed' | 'unknown'
}

/** The texts of its messages, which name it. */
export function textsOf({ writer, number, size }: Pick<Attempt, 'writer' | 'number' | 'size'>): string[] {
  return Array.from({ length: size }, (_, part) => `${writer} ${number} ${part} ${size}`)
}

export function outcomeOf(error: unknown, problems: Set<string>): HistoryError['outcome'] {
  if (isHistoryError(error)) return error.outcome
  problems.add(`not a HistoryError: ${error}`)
  return 'unknown'
}

/** @param known what must be there, once; anything else may be, but not twice, torn or out of its writer's order */
export function problemsOf(stored: readonly string[], known: readonly Attempt[]): string[] {
  const problems: string[] = []
  const newest = new Map<string, number>()
  const found = new Set<string>()
  for (let index = 0; index < stored.length; ) {
    const [writer = '', number = '', , size = ''] = (stored[index] ?? '').split(' ')
    const turn = stored.slice(index, index + Number(size))
    const whole = textsOf({ writer, number: Number(number), size: Number(size) })
    if (turn.join() !== whole.join()) return [`torn: ${stored.slice(Math.max(0, index - 2), index + 4).join(', ')}`]
    if (Number(number) <= (newest.get(writer) ?? -1)) problems.push(`${writer} ${number} comes after ${newest.get(writer)}`)
    newest.set(writer, Number(number))
    found.add(`${writer} ${number}`)
    index += turn.length
  }
  for (const { writer, number } of known) if (!found.has(`${writer} ${number}`)) problems.push(`${writer} ${number} is lost`)
  return problems
}

/** What is there although its append was rejected with `failed`. */
export function failedButStored(stored: readonly string[], attempts: readonly Attempt[]): string[] {
  const found = new Set(stored.map(text => text.split(' ', 2).join(' ')))
  return attempts
    .filter(({ outcome, writer, number }) => outcome === 'failed' && found.has(`${writer} ${number}`))
    .map(({ writer, number }) => `${writer} ${number} is there, but was rejected as failed`)
}
