const BACKSLASH = 0x5c
/** What `JSON.parse` rounds has no fewer. */
const LEAST_DIGITS = 16
/** Also found in text, where it means nothing. */
const MAYBE_LONG_INTEGER = /(?:^|[[,:\s])-?\d{16}/
/** With a colon, it is in the place of a key, where no JSON has it. */
const NUMBER = /-?\d[\d.eE+-]*(?:\s*:)?/g
const LONG_INTEGER = /^-?[1-9]\d{15,}$/

/** `JSON.parse` that makes integers beyond ±(2^53 − 1) bigints. @throws SyntaxError */
export function parseExact(text: string): unknown {
  if (!MAYBE_LONG_INTEGER.test(text)) return JSON.parse(text)
  const tag = crypto.randomUUID()
  const tagged = withTags(text, tag)
  if (tagged === text) return JSON.parse(text)
  return JSON.parse(tagged, (_key, item: unknown) =>
    typeof item === 'string' && item.startsWith(tag) ? BigInt(item.slice(tag.length)) : item,
  )
}

/** Such integers become strings that begin with the tag. */
function withTags(text: string, tag: string): string {
  const pieces: string[] = []
  let copied = 0
  for (let start = 0; start < text.length; ) {
    const quote = text.indexOf('"', start)
    const end = quote === -1 ? text.length : quote
    const between = end - start < LEAST_DIGITS ? '' : text.slice(start, end)
    const changed = between.replace(NUMBER, number =>
      LONG_INTEGER.test(number) && !Number.isSafeInteger(Number(number)) ? `"${tag}${number}"` : number,
    )
    if (changed !== between) {
      pieces.push(text.slice(copied, start), changed)
      copied = end
    }
    start = afterString(text, end)
  }
  return copied === 0 ? text : pieces.join('') + text.slice(copied)
}

/** Not by a regular expression, whose stack a string of millions of escapes overflows. */
function afterString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1
    if (escapes % 2 === 0) return end + 1
  }
  return text.length
}

/** `JSON.stringify` that writes bigints as integers, keeps the sign of -0, and makes no integer of a double beyond 2^53. */
export function stringifyExact(value: unknown): string {
  let tag: string | undefined
  const json = JSON.stringify(value, function (this: Record<string, unknown>, key: string, item: unknown) {
    // Not `item`: an app may have given bigints a `toJSON`.
    const text = ownText(this[key])
    if (text === undefined) return item
    tag ??= crypto.randomUUID()
    return `${tag}${text}`
  })
  return tag === undefined ? json : json.replaceAll(new RegExp(`"${tag}([^"]+)"`, 'g'), '$1')
}

/** Of what JSON.stringify does not write, or as something else. */
function ownText(value: unknown): string | undefined {
  if (typeof value === 'bigint') return String(value)
  if (Object.is(value, -0)) return '-0'
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? Number(value).toExponential() : undefined
}
