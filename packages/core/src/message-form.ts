import type { CodecNotes, Fix } from './message.js'

/** Any object with string keys: `data` of a message, unchecked. */
export type Fields = Record<string, unknown>

export interface MessageForm {
  type: string
  data: Fields
  /** The message was a chunk. */
  chunk: boolean
}

/** The types whose fields are known; Python reads these and no others. */
export const KNOWN_TYPES: ReadonlySet<string> = new Set(['human', 'ai', 'system', 'tool', 'function', 'chat'])

const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['generic', 'chat'],
  ['user', 'human'],
  ['assistant', 'ai'],
  ['developer', 'system'],
])

/** An object that is not an array. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The message under its type's own name: `generic` is `chat`, `AIMessageChunk` an `ai` that was a chunk. Other types stay. */
export function ownForm(type: string, data: Fields): MessageForm {
  if (KNOWN_TYPES.has(type)) return { type, data, chunk: false }
  const whole = type.replace(/MessageChunk$/, '').toLowerCase()
  if (whole.length < type.length && KNOWN_TYPES.has(whole)) return { type: whole, data, chunk: true }
  const own = OTHER_NAMES.get(type) ?? type
  if (type !== 'developer') return { type: own, data, chunk: false }
  const kwargs = isFields(data.additional_kwargs) && data.additional_kwargs
  return { type: own, data: { ...data, additional_kwargs: { ...kwargs, __openai_role__: type } }, chunk: false }
}

/** `hist` of a message; `others`: members that are not the codec's. */
export function notesOf(chunk: boolean, fixes: readonly Fix[], others: Fields | undefined): CodecNotes {
  return { v: 1, ...(chunk && { c: 1 }), ...(fixes.length > 0 && { f: [...fixes] }), ...others }
}

/** Assigns, but makes the key `__proto__` an own member too. */
export function setOwn(holder: object, key: string | number, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true })
  else (holder as Fields)[key] = value
}
