/** What `JSON.parse` rounds. Also found in text, where it means nothing. */
const LONG_NUMBER = /\d{16}/
/** Strings, which are passed over, and integers. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g
const INTEGER = /^-?\d+$/

/** `JSON.parse` that makes integers beyond ±(2^53 − 1) bigints. @throws SyntaxError */
export function parseExact(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text)
  // Such integers become strings that begin with a random tag, which a reviver finds again.
  const tag = crypto.randomUUID()
  const json = text.replace(TOKEN, token =>
    INTEGER.test(token) && !Number.isSafeInteger(Number(token)) ? `"${tag}${token}"` : token,
  )
  return JSON.parse(json, (_key, item: unknown) =>
    typeof item === 'string' && item.startsWith(tag) ? BigInt(item.slice(tag.length)) : item,
  )
}

/** `JSON.stringify` that writes bigints as integers, and keeps the sign of -0. */
export function stringifyExact(value: unknown): string {
  let tag: string | undefined
  const json = JSON.stringify(value, function (this: Record<string, unknown>, key: string, item: unknown) {
    // Not `item`: an app may have given bigints a `toJSON`.
    const held = this[key]
    if (typeof held !== 'bigint' && !Object.is(held, -0)) return item
    tag ??= crypto.randomUUID()
    return `${tag}${Object.is(held, -0) ? '-0' : held}`
  })
  return tag === undefined ? json : json.replaceAll(new RegExp(`"${tag}(-?\\d+)"`, 'g'), '$1')
}
