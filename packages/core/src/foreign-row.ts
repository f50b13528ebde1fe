import type { Note } from './codec-read.js'
import { type Fields, isFields, KNOWN_TYPES, type MessageForm, ownForm, setOwn } from './message-form.js'

const ESCAPE = '__lc_escaped__'

/**
 * A row that Python or LangChain.js wrote, in the form that `encodeMessage` gives a message: what their serialisers leave behind goes,
 * what they wrote badly is mended. `row` is freshly parsed from `text` and used up. Undefined if it has no `data`.
 */
export function readForeignRow(type: string, row: Fields, text: string, note: Note): MessageForm | undefined {
  let data: unknown = row.data
  if (data === undefined && typeof row.text === 'string') data = legacyData(row)
  // Only Python writes `data.type`, only LangChain.js escapes.
  if (isFields(data) && data.type === undefined && text.includes(ESCAPE)) {
    data = unescaped(data, () => note('REPAIRED_ENTRY', 'an escaped object'))
  }
  if (!isFields(data)) return undefined
  const { type: own, data: fields, chunk } = ownForm(type, data)
  if (KNOWN_TYPES.has(own)) return { type: own, data: completed(own, withoutLeftovers(fields), note), chunk }
  return { type: own, data: own === 'remove' ? withoutLeftovers(fields) : fields, chunk }
}

/** `{ type, text, role, additional_kwargs }`: the oldest form, still written by the JavaScript DynamoDB class. */
function legacyData(row: Fields): Fields {
  const data: Fields = { content: row.text }
  for (const key of ['role', 'additional_kwargs']) if (row[key] != null) data[key] = row[key]
  return data
}

/** What LangChain.js wrapped because it has a key `lc` (or looks wrapped) it wrapped as it was: nothing inside is escaped again. */
function unescaped(value: unknown, onFound: () => void): unknown {
  if (typeof value !== 'object' || value === null) return value
  const keys = Object.keys(value)
  if (keys.length === 1 && keys[0] === ESCAPE) {
    onFound()
    return (value as Fields)[ESCAPE]
  }
  for (const key of keys) setOwn(value, key, unescaped((value as Fields)[key], onFound))
  return value
}

/** Python writes absent fields as `null`, the type once more and, before version 1, `example`. */
function withoutLeftovers(data: Fields): Fields {
  const kept: Fields = {}
  for (const key of Object.keys(data)) {
    const value = data[key]
    if (value !== null && key !== 'type' && !(key === 'example' && value === false)) setOwn(kept, key, value)
  }
  return kept
}

function completed(type: string, data: Fields, note: Note): Fields {
  if (Array.isArray(data.content_blocks)) {
    if (data.content === undefined) {
      data.content = data.content_blocks
      const metadata = isFields(data.response_metadata) ? data.response_metadata : {}
      data.response_metadata = { ...metadata, output_version: metadata.output_version ?? 'v1' }
      note('REPAIRED_ENTRY', 'content_blocks without content')
    }
    delete data.content_blocks
  }
  data.content ??= ''
  data.additional_kwargs ??= {}
  data.response_metadata ??= {}
  if (type === 'ai') completeCalls(data)
  if (type === 'tool' && data.tool_call_id === undefined) {
    data.tool_call_id = ''
    note('REPAIRED_ENTRY', 'a tool result without tool_call_id')
  }
  return data
}

/** Without `tool_calls`, OpenAI's own form of them in `additional_kwargs` is what counts. */
function completeCalls(data: Fields): void {
  const raw = data.tool_calls === undefined && isFields(data.additional_kwargs) ? data.additional_kwargs.tool_calls : undefined
  const calls: Fields[] = []
  const invalid: Fields[] = []
  for (const call of Array.isArray(raw) ? raw : []) {
    if (!isFields(call) || !isFields(call.function)) continue
    const { name, arguments: text } = call.function
    const args = parsedArguments(text)
    const id = call.id ?? null
    if (args !== undefined) calls.push({ name: name ?? '', args, id, type: 'tool_call' })
    else invalid.push({ name: name ?? null, args: text ?? null, id, error: 'Malformed args.', type: 'invalid_tool_call' })
  }
  data.tool_calls ??= calls
  data.invalid_tool_calls ??= invalid
}

function parsedArguments(text: unknown): Fields | undefined {
  try {
    const args: unknown = JSON.parse(String(text)) ?? {}
    return isFields(args) ? args : undefined
  } catch {
    return undefined
  }
}
