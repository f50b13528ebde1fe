import { type Fields, isFields } from './message-form.js'

/*
 * One row that Python's classes refuse makes Python's whole read raise. This is the form that they take, found by running langchain-core
 * 1.8.1: each is computed from what is there, and is the very same value if Python takes that.
 */
type Form = (value: unknown) => unknown

/** Fields of `data`, plain JSON, that Python's class of this type refuses, in the form it takes; `undefined`: to be left out. */
export function pythonForm(type: string, data: Fields): Fields | undefined {
  let refused: Fields | undefined
  for (const [key, formOf] of FORMS[type] ?? []) {
    const form = formOf(data[key])
    if (form === data[key]) continue
    refused ??= {}
    refused[key] = form
  }
  return refused
}

const absent: Form = () => undefined

const content: Form = value => {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return sameOr(value, value.map(part => (isPart(part) ? part : { type: 'non_standard', value: part })))
  return isFields(value) ? [value] : value == null ? [] : String(value)
}

const blocks: Form = value => (value === null || (Array.isArray(value) && value.every(isFields)) ? value : undefined)
const dictionary: Form = value => (value === undefined || isFields(value) ? value : {})
const text: Form = value => nullableText(value) ?? ''
const status: Form = value => (value === 'success' || value === 'error' ? value : undefined)
const count: Form = value => (typeof value === 'number' && Number.isSafeInteger(Math.trunc(value)) ? Math.trunc(value) : 0)

const nullableText: Form = value => {
  if (value == null || typeof value === 'string') return value
  return typeof value === 'object' ? null : String(value)
}

/** Python passes the fields of a call as keyword arguments: any other raises. */
const calls =
  (form: (call: Fields) => Fields): Form =>
  value => {
    if (value === undefined) return value
    return Array.isArray(value) ? sameOr(value, value.map(call => sameOr(call, form(isFields(call) ? call : {})))) : []
  }

const usage: Form = value => {
  if (value == null) return value
  if (!isFields(value)) return null
  const { input_tokens, output_tokens, total_tokens, input_token_details, output_token_details } = value
  return sameOr(value, {
    ...value,
    input_tokens: count(input_tokens),
    output_tokens: count(output_tokens),
    total_tokens: count(total_tokens),
    input_token_details: details(input_token_details),
    output_token_details: details(output_token_details),
  })
}

const details: Form = value => {
  if (!isFields(value)) return undefined
  return sameOr(value, Object.fromEntries(Object.entries(value).filter(([, tokens]) => Number.isSafeInteger(tokens))))
}

const COMMON: [field: string, form: Form][] = [
  ['content', content],
  ['content_blocks', blocks],
  ['additional_kwargs', dictionary],
  ['response_metadata', dictionary],
  ['id', nullableText],
  ['name', nullableText],
  // Only the class's own `type` is allowed; `self` is the constructor's first parameter.
  ['type', absent],
  ['self', absent],
]

const toolCall = ({ name, args, id = null, type = 'tool_call' }: Fields): Fields => {
  return { name: text(name), args: isFields(args) ? args : args == null ? {} : { input: args }, id: nullableText(id), type }
}

const invalidToolCall = ({ name, args, id = null, error, type = 'invalid_tool_call' }: Fields): Fields => {
  const raw = args == null || typeof args === 'string' ? args : JSON.stringify(args)
  return { name: nullableText(name), args: raw, id: nullableText(id), error: nullableText(error), type }
}

const toolCallChunk = ({ name, args, id = null, index, type = 'tool_call_chunk' }: Fields): Fields => ({ name, args, id, index, type })

/** Of the types that Python knows. */
const FORMS: ReadonlyMap<string, Forms> = new Map([
  human: COMMON,
  system: COMMON,
  ai: [
    ...COMMON,
    ['tool_calls', calls(toolCall)],
    ['invalid_tool_calls', calls(invalidToolCall)],
    ['tool_call_chunks', calls(toolCallChunk)],
    ['usage_metadata', usage],
  ],
  tool: [...COMMON, ['tool_call_id', text], ['status', status]],
  function: [...COMMON, ['name', text]],
  chat: [...COMMON, ['role', text]],
}

function isPart(part: unknown): boolean {
  return typeof part === 'string' || isFields(part)
}

/** `value`, if its members are those of the form. */
function sameOr(value: unknown, form: object): unknown {
  if (typeof value !== 'object' || value === null) return form
  for (const key in form) if ((value as Fields)[key] !== (form as Fields)[key]) return form
  for (const key in value) if (!Object.hasOwn(form, key)) return form
  return value
}
