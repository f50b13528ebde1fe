import { randomUUID } from 'node:crypto'

/**
 * What `parseJson` gave, as text from which it gives the same again. Unpaired surrogates and NUL are escaped, so the text is valid UTF-8 and never
 * has a raw NUL.
 * @throws RangeError if it is deeper, or longer, than the engine bears.
 */
export function stringifyJson(value: unknown): string {
  return textOf(value, lookAt(value))
}

/** Likewise; undefined if the text is surely longer than this, which is found without making it. A text that is somewhat longer is given. */
export function stringifyUpTo(longest: number, value: unknown): string | undefined {
  const look = lookAt(value)
  return look.leastLength > longest ? undefined : textOf(value, look)
}

interface Look {
  /** A bound of the text's length from below. */
  leastLength: number
  /** Whether JSON.stringify writes all of its numbers as they are. */
  isPlain: boolean
}

function lookAt(value: unknown, look: Look = { leastLength: 0, isPlain: true }): Look {
  look.leastLength += 1
  if (typeof value === 'string') look.leastLength += value.length + 1
  else if (ownText(value) !== undefined) look.isPlain = false
  else if (Array.isArray(value)) {
    for (const element of value) lookAt(element, look)
    look.leastLength += Math.max(1, value.length)
  } else if (typeof value === 'object' && value !== null) {
    for (const member in value) {
      lookAt((value as Record<string, unknown>)[member], look)
      look.leastLength += member.length + 4
    }
  }
  return look
}

function textOf(value: unknown, { isPlain }: Look): string {
  if (isPlain) return JSON.stringify(value)
  // The tag is drawn when the value is there: so the value cannot hold it.
  const tag = randomUUID()
  const text = JSON.stringify(value, (_member, part: unknown) => {
    const own = ownText(part)
    return own === undefined ? part : `${tag}${own}`
  })
  return text.replaceAll(new RegExp(`"${tag}([^"]+)"`, 'g'), '$1')
}

/**
 * Of a number that JSON.stringify does not write, or as another one: bigints, -0, and doubles beyond 2^53, whose digits would be those of an
 * integer that is not quite equal to them.
 */
function ownText(value: unknown): string | undefined {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'number') return undefined
  if (Object.is(value, -0)) return '-0'
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : undefined
}
