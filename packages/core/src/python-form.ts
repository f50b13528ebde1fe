import { type Fields, isFields } from './message-form.js'

/*
 * One row that Python's classes refuse makes Python's whole read raise. This is the form that they take, found by running langchain-core
 * 1.8.1: each is computed from what is there, and is the very same value if Python takes that.
 */
type Form = (value: unknown) => unknown
type Forms = Readonly<Record<string, Form>>

/** Fields of `data`, plain JSON, that Python's class of this type refuses, in the form it takes; `undefined`: to be left out. */
export function pythonForm(type: string, data: Fields): Fields | undefined {
  return refusedIn(data, FORMS.get(type) ?? {})
}

function refusedIn(fields: Fields, forms: Forms): Fields | undefined {
  let refused: Fields | undefined
  for (const key in forms) {
    const form = forms[key]?.(fields[key])
    if (form === fields[key]) continue
    refused ??= {}
    refused[key] = form
  }
  return refused
}

const isPart = (part: unknown) => typeof part === 'string' || isFields(part)

const content: Form = value => {
  if (typeof value === 'string') return value
  if (isFields(value)) return [value]
  if (!Array.isArray(value)) return value == null ? [] : String(value)
  return value.every(isPart) ? value : value.map(part => (isPart(part) ? part : { type: 'non_standard', value: part }))
}

const absent: Form = () => undefined
const asItIs: Form = value => value
const dictionary: Form = value => (value === undefined || isFields(value) ? value : {})
const nullableText: Form = value =>
  value == null || typeof value === 'string' ? value : typeof value === 'object' ? null : String(value)
const nullText: Form = value => nullableText(value) ?? null
const text: Form = value => nullableText(value) ?? ''
const status: Form = value => (value === 'success' || value === 'error' ? value : undefined)
const count: Form = value => (typeof value === 'number' && Number.isSafeInteger(Math.trunc(value)) ? Math.trunc(value) : 0)

const details: Form = value => {
  if (!isFields(value)) return undefined
  const tokens = Object.entries(value)
  const counts = tokens.filter(([, count]) => Number.isSafeInteger(count))
  return counts.length === tokens.length ? value : Object.fromEntries(counts)
}

const USAGE: Forms = {
  input_tokens: count,
  output_tokens: count,
  total_tokens: count,
  input_token_details: details,
  output_token_details: details,
}

const usage: Form = value => {
  if (value == null) return value
  if (!isFields(value)) return null
  const refused = refusedIn(value, USAGE)
  return refused ? { ...value, ...refused } : value
}

/** Python passes the fields of a call as keyword arguments: any other raises. */
const calls =
  (forms: Forms): Form =>
  value => {
    if (value === undefined) return value
    if (!Array.isArray(value)) return []
    const taken = (call: unknown) =>
      isFields(call) && !refusedIn(call, forms) && Object.keys(call).every(key => Object.hasOwn(forms, key))
    if (value.every(taken)) return value
    return value.map(call =>
      Object.fromEntries(Object.keys(forms).map(key => [key, forms[key]?.(isFields(call) ? call[key] : undefined)])),
    )
  }

const COMMON: Forms = {
  content: content,
  additional_kwargs: dictionary,
  response_metadata: dictionary,
  id: nullableText,
  name: nullableText,
  // Python would take them for the content.
  content_blocks: absent,
  // Only the class's own `type` is allowed; `self` is the constructor's first parameter.
  type: absent,
  self: absent,
}

const TOOL_CALL: Forms = {
  name: text,
  args: args => (isFields(args) ? args : args == null ? {} : { input: args }),
  id: nullText,
  type: asItIs,
}

const INVALID_TOOL_CALL: Forms = {
  name: nullableText,
  args: args => (args == null || typeof args === 'string' ? args : JSON.stringify(args)),
  id: nullText,
  error: nullableText,
  type: asItIs,
}

/** By the types that Python knows. */
const FORMS: ReadonlyMap<string, Forms> = new Map<string, Forms>([
  ['human', COMMON],
  ['system', COMMON],
  [
    'ai',
    {
      ...COMMON,
      tool_calls: calls(TOOL_CALL),
      invalid_tool_calls: calls(INVALID_TOOL_CALL),
      // Pieces of the calls: a whole message has no use for them, and Python checks them.
      tool_call_chunks: pieces => (Array.isArray(pieces) && pieces.length === 0 ? pieces : undefined),
      usage_metadata: usage,
    },
  ],
  ['tool', { ...COMMON, tool_call_id: text, status }],
  ['function', { ...COMMON, name: text }],
  ['chat', { ...COMMON, role: text }],
])

/** The types whose fields are known: Python reads these and no others. */
export const KNOWN_TYPES: readonly string[] = [...FORMS.keys()]

export function isKnownType(type: string): boolean {
  return FORMS.has(type)
}
