import type { CodecNotes, Fix } from './message.js'

/** Any object with string keys: `data` of a message, unchecked. */
export type Fields = Record<string, unknown>

/** Deepest nesting inside `data` that is written: Python's JSON reader gives up at about 1,000 levels. */
export const MOST_DEPTH = 990
/** Deeper data is walked with an eye on cycles. */
export const ORDINARY_DEPTH = 60

/** How the text of an ordinary row ends. */
export const PLAIN_TAIL = ',"hist":{"v":1}}'

/** An object that is not an array. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The field of a tool result that names the call it answers: the call's id or, in the function messages of old, the function's name. */
export function answeredIn(type: string): 'tool_call_id' | 'name' | undefined {
  return type === 'tool' ? 'tool_call_id' : type === 'function' ? 'name' : undefined
}

/** `hist` of a message; `others`: members that are not the codec's. */
export function notesOf(chunk: boolean, fixes: Fix[], others: Fields | undefined): CodecNotes {
  return { v: 1, ...(chunk && { c: 1 }), ...(fixes.length > 0 && { f: fixes }), ...others }
}

/** Assigns, but makes the key `__proto__` an own member too. */
export function setOwn(holder: object, key: string | number, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true })
  else (holder as Fields)[key] = value
}
