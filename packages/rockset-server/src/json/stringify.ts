import { stringify as stringifyLossless } from 'lossless-json'

/** What `parseJson` gave, as text again. Unpaired surrogates and NUL are escaped, so the text is valid UTF-8 and never has a raw NUL. */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    // A bigint: rare, so found out by trying.
    const text = error instanceof TypeError ? stringifyLossless(value) : undefined
    if (text === undefined) throw error
    return text
  }
}
