const quote = 0x22
const backslash = 0x5c
const digits = { first: 0x30, last: 0x39 }
const numberToken = /\d[\d.eE+-]*/y

/** @param start Where the string begins. @returns the place of the quote that ends it; the text's length if none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes += 1
    if (escapes % 2 === 0) return end
  }
  return text.length
}

/** Whether arrays and objects are nested deeper than that. Looks at the text, so that no parser has to. */
export function isDeeperThan(text: string, maxDepth: number): boolean {
  let depth = 0
  for (let position = 0; position < text.length; position += 1) {
    const code = text.charCodeAt(position)
    if (code === quote) position = endOfString(text, position)
    // [ and {, then ] and }.
    else if (code === 0x5b || code === 0x7b) depth += 1
    else if (code === 0x5d || code === 0x7d) depth -= 1
    if (depth > maxDepth) return true
  }
  return false
}

/** Puts something else in the place of numbers, which are given without their sign; what is undefined stays. */
export function replaceNumbers(text: string, replacement: (number: string, isNegative: boolean) => string | undefined): string {
  const pieces: string[] = []
  let copied = 0
  for (let position = 0; position < text.length; position += 1) {
    const code = text.charCodeAt(position)
    if (code === quote) position = endOfString(text, position)
    else if (code >= digits.first && code <= digits.last) {
      numberToken.lastIndex = position
      const [number = ''] = numberToken.exec(text) ?? []
      const isNegative = text[position - 1] === '-'
      const replaced = replacement(number, isNegative)
      const end = position + number.length
      if (replaced !== undefined) {
        pieces.push(text.slice(copied, position - (isNegative ? 1 : 0)), replaced)
        copied = end
      }
      position = end - 1
    }
  }
  return pieces.length === 0 ? text : pieces.join('') + text.slice(copied)
}

const otherToken = /[\s[\]{}:,]+|true|false|null|-?\d[\d.eE+-]*/y

/** Where something stands that no JSON has, like NaN; undefined if nothing does. */
export function positionOfStray(text: string): number | undefined {
  for (let position = 0; position < text.length; ) {
    if (text.charCodeAt(position) === quote) position = endOfString(text, position) + 1
    else {
      otherToken.lastIndex = position
      if (!otherToken.test(text)) return position
      position = otherToken.lastIndex
    }
  }
  return undefined
}
