import { isFields } from './message-form.js'

/** What `JSON.parse` refuses or rounds, and Python's `json.dumps` writes. Also found in text, where it means nothing. */
const NOT_QUITE_JSON = /NaN|Infinity|\d{16}/
/** Loops over characters, not over alternatives: those would take stack for each character of a text. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:NaN|Infinity|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/g
const INTEGER = /^-?\d+$/

/**
 * `JSON.parse` that, in rows of others, also takes the bare `NaN`, `Infinity` and `-Infinity`, and makes integers beyond ±(2^53 − 1)
 * bigints. Rows of ours hold JavaScript's numbers only. @throws SyntaxError
 */
export function parseRow(text: string): unknown {
  try {
    const row: unknown = JSON.parse(text)
    if ((isFields(row) && isFields(row.hist)) || !NOT_QUITE_JSON.test(text)) return row
  } catch {
    // Perhaps for one of those words.
  }
  // Such tokens become strings that begin with a random tag, which a reviver finds again.
  const tag = crypto.randomUUID()
  const json = text.replace(TOKEN, token => {
    if (token.startsWith('"') || (INTEGER.test(token) ? Number.isSafeInteger(Number(token)) : !/[NI]/.test(token))) return token
    return `"${tag}${token}"`
  })
  return JSON.parse(json, (_key, item: unknown) => {
    if (typeof item !== 'string' || !item.startsWith(tag)) return item
    const token = item.slice(tag.length)
    return INTEGER.test(token) ? BigInt(token) : Number(token)
  })
}
