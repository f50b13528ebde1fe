/** What `JSON.parse` refuses or rounds, and Python's `json.dumps` writes. Also found in text, where it means nothing. */
export const NOT_QUITE_JSON = /NaN|Infinity|\d{16}/
/** Loops over characters, not over alternatives: those would take stack for each character of a text. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:NaN|Infinity|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/g
const INTEGER = /^-?\d+$/

export interface TolerantResult {
  value: unknown
  /** The text held `NaN` or `Infinity`, which is not JSON. */
  mended?: boolean
}

/**
 * `JSON.parse` that also takes the bare `NaN`, `Infinity` and `-Infinity`, and makes integers beyond ±(2^53 − 1) bigints: such tokens
 * are replaced by strings that begin with a random tag, which a reviver finds again. @throws SyntaxError
 */
export function parseTolerant(text: string): TolerantResult {
  const tag = crypto.randomUUID()
  let mended = false
  const json = text.replace(TOKEN, token => {
    if (token.startsWith('"')) return token
    const word = /[NI]/.test(token)
    if (!word && (!INTEGER.test(token) || Number.isSafeInteger(Number(token)))) return token
    mended ||= word
    return `"${tag}${token}"`
  })
  const value: unknown = JSON.parse(json, (_key, item: unknown) => {
    if (typeof item !== 'string' || !item.startsWith(tag)) return item
    const token = item.slice(tag.length)
    return INTEGER.test(token) ? BigInt(token) : Number(token)
  })
  return { value, mended }
}
