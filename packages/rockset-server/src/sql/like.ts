import type { Budget } from './budget.js'

/** One character of a pattern, `any` for `_`, `run` for `%`. */
export type LikePattern = readonly (string | typeof any | typeof run)[]

const any = Symbol('_')
const run = Symbol('%')

/** @returns undefined if the escape character stands before something that needs none, or at the end. */
export function likePattern(text: string, escapeCharacter: string | undefined): LikePattern | undefined {
  const pattern: (string | typeof any | typeof run)[] = []
  let isEscaped = false
  for (const character of text) {
    if (isEscaped) {
      if (character !== '%' && character !== '_' && character !== escapeCharacter) return undefined
      pattern.push(character)
      isEscaped = false
    } else if (character === escapeCharacter) isEscaped = true
    else if (character !== '%') pattern.push(character === '_' ? any : character)
    else if (pattern.at(-1) !== run) pattern.push(run)
  }
  return isEscaped ? undefined : pattern
}

/**
 * Without backtracking further than the last `%`: at most length × length steps, all counted. Characters are code points, and case matters.
 */
export function isLike(text: string, pattern: LikePattern, budget: Budget): boolean {
  budget.tick(text.length)
  const characters = [...text]
  let at = 0
  let next = 0
  let runNext = -1
  let runAt = 0
  for (let step = 1; at < characters.length; step += 1) {
    if (step % 1024 === 0) budget.tick()
    const wanted = pattern[next]
    if (wanted === run) {
      runNext = next
      runAt = at
      next += 1
    } else if (wanted === any || (wanted !== undefined && wanted === characters[at])) {
      at += 1
      next += 1
    } else if (runNext >= 0) {
      runAt += 1
      at = runAt
      next = runNext + 1
    } else return false
  }
  while (pattern[next] === run) next += 1
  return next === pattern.length
}
