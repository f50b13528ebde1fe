import { parse as parseLossless } from 'lossless-json'
import type { Value } from '../documents.js'

/** The text is not JSON, or is JSON that the server does not take. The message names the place, and does not repeat the text. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

const longestInteger = 1_000

// Integers that JSON.parse would round, and exponents of which it would make Infinity. Only numbers follow one of these characters.
const needsCare = /(?:^|[:,[\s])-?(?:\d{16}|[\d.]+[eE]\+?\d{3})/

/**
 * Integers beyond 2^53 as bigints, other numbers as the nearest double; `__proto__` is a member like any other.
 * @throws JsonError also for numbers beyond the largest double, and for integers of more than 1,000 digits.
 */
export function parseJson(text: string): Value {
  if (needsCare.test(text)) return parseCarefully(text)
  try {
    return JSON.parse(text)
  } catch {
    // Only for its message, which names the position without repeating the text.
    parseCarefully(text)
    throw new JsonError('The text is not JSON.')
  }
}

function parseCarefully(text: string): Value {
  try {
    return parseLossless(text, null, parseNumber) as Value
  } catch (error) {
    if (error instanceof JsonError) throw error
    if (error instanceof RangeError) throw new JsonError('The JSON is nested too deeply.')
    throw new JsonError(describe(error))
  }
}

function parseNumber(text: string): number | bigint {
  const number = Number(text)
  if (/^-?\d+$/.test(text)) {
    if (text.length > longestInteger) throw new JsonError(`An integer has more than ${longestInteger} digits.`)
    return Number.isSafeInteger(number) ? number : BigInt(text)
  }
  if (!Number.isFinite(number)) throw new JsonError('A number is larger than the largest double.')
  return number
}

function describe(error: unknown): string {
  const [, position] = /at position (\d+)/.exec(String(error)) ?? []
  if (String(error).includes('Duplicate')) return `An object has a member twice, with different values (position ${position}).`
  return position === undefined ? 'The text is not JSON.' : `The text is not JSON, from position ${position} on.`
}
