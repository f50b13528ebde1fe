import { randomUUID } from 'node:crypto'
import type { Value } from '../documents.js'
import { positionOfStray, replaceNumbers } from './text.js'

/** The text is not JSON, or is JSON that the server does not take. The message names the place, and does not repeat the text. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

/** What JSON.parse rounds, or makes Infinity. Also found within strings, where it means nothing. */
const mayNeedCare = /\d{16}|\d[eE]\+?\d{3}/

/**
 * Integers beyond 2^53 as bigints, other numbers as the nearest double; `__proto__` is a member like any other. Of members with one name the
 * last counts.
 * @param longestInteger In digits.
 * @throws JsonError also for numbers beyond the largest double.
 */
export function parseJson(text: string, longestInteger = Number.POSITIVE_INFINITY): Value {
  try {
    return mayNeedCare.test(text) ? parseExactly(text, longestInteger) : JSON.parse(text)
  } catch (error) {
    if (error instanceof JsonError) throw error
    if (error instanceof RangeError) throw new JsonError('The JSON is nested too deeply.')
    const position = /at position (\d+)/.exec(String(error))?.[1] ?? positionOfStray(text)
    throw new JsonError(position === undefined ? 'The text is not JSON.' : `The text is not JSON, from position ${position} on.`)
  }
}

/**
 * Large integers pass through JSON.parse as strings with a tag, which is drawn when the text is there: so the text cannot hold it. Each is in a list,
 * because a string could be the name of a member, and an integer cannot.
 */
function parseExactly(text: string, longestInteger: number): Value {
  let tag: string | undefined
  const tagged = replaceNumbers(text, (number, isNegative) => {
    if (Number.isSafeInteger(Number(number))) return undefined
    const sign = isNegative ? '-' : ''
    if (/^(?:0|[1-9]\d*)$/.test(number)) {
      if (number.length > longestInteger) throw new JsonError(`An integer has more than ${longestInteger} digits.`)
      tag ??= randomUUID()
      return `["${tag}${sign}${number}"]`
    }
    if (Number(number) === Number.POSITIVE_INFINITY) throw new JsonError('A number is larger than the largest double.')
    return undefined
  })
  return tag === undefined ? JSON.parse(text) : untagged(parseTagged(tagged, text), tag)
}

function parseTagged(tagged: string, text: string): unknown {
  try {
    return JSON.parse(tagged)
  } catch (error) {
    // Tells the place in the text itself.
    JSON.parse(text)
    throw error
  }
}

function untagged(value: unknown, tag: string): Value {
  if (typeof value !== 'object' || value === null) return value as Value
  const [first] = Array.isArray(value) ? value : []
  if (typeof first === 'string' && first.startsWith(tag)) return BigInt(first.slice(tag.length))
  const container = value as Record<string, unknown>
  for (const member of Object.keys(container)) {
    const part = container[member]
    if (typeof part === 'object') container[member] = untagged(part, tag)
  }
  return value as Value
}
