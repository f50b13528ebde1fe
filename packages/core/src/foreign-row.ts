import type { Note } from './codec-read.js'
import { answeredIn, type Fields, isFields, setOwn } from './message-form.js'
import type { MessageForm } from './own-form.js'

const ESCAPE = '__lc_escaped__'

/** The data of a row that Python or LangChain.js wrote, as they were before they were serialised. `row`, parsed from `text`, is used up. */
export function foreignData(row: Fields, text: string, note: Note): unknown {
  const data = row.data ?? legacyData(row)
  // Only Python writes `data.type`, only LangChain.js escapes.
  return isFields(data) && data.type === undefined && text.includes(ESCAPE) ? unescaped(data, note) : data
}

/** `{ type, text, role, additional_kwargs }`: the oldest form, still written by the JavaScript DynamoDB class. */
function legacyData({ type: _type, text: content, ...others }: Fields): Fields | undefined {
  return typeof content === 'string' ? { content, ...others } : undefined
}

/** What LangChain.js wrapped because it has a key `lc` (or looks wrapped) it wrapped as it was: nothing inside is escaped again. */
function unescaped(value: unknown, note: Note): unknown {
  if (typeof value !== 'object' || value === null) return value
  const keys = Object.keys(value)
  if (keys.length === 1 && keys[0] === ESCAPE) {
    note('REPAIRED_ENTRY', 'escaped object')
    return (value as Fields)[ESCAPE]
  }
  for (const key of keys) setOwn(value, key, unescaped((value as Fields)[key], note))
  return value
}

/** Python writes absent fields as `null`, the type once more and, before version 1, `example`. */
function isLeftover([key, value]: [string, unknown]): boolean {
  return value === null || key === 'type' || (key === 'example' && value === false)
}

/** In the form that `encodeMessage` gives a message: what the serialisers of others leave behind goes, what they wrote badly is mended. */
export function completed({ type, data }: MessageForm, note: Note): Fields {
  const { content_blocks: blocks, ...kept }: Fields = Object.fromEntries(
    Object.entries(data).filter(member => !isLeftover(member)),
  )
  if (Array.isArray(blocks) && kept.content === undefined) {
    kept.content = blocks
    kept.response_metadata = { output_version: 'v1', ...(kept.response_metadata as Fields) }
    note('REPAIRED_ENTRY', 'content_blocks without content')
  }
  const field = answeredIn(type)
  if (field && kept[field] === undefined) {
    kept[field] = ''
    note('REPAIRED_ENTRY', `${type} without ${field}`)
  }
  return { content: '', additional_kwargs: {}, response_metadata: {}, ...(type === 'ai' && callsIn(kept)), ...kept }
}

/** Without `tool_calls`, OpenAI's own form of them in `additional_kwargs` is what counts. */
function callsIn({ tool_calls, additional_kwargs: kwargs }: Fields): Fields {
  const raw = tool_calls === undefined && isFields(kwargs) ? kwargs.tool_calls : undefined
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
  return { tool_calls: calls, invalid_tool_calls: invalid }
}

function parsedArguments(text: unknown): Fields | undefined {
  try {
    const args: unknown = JSON.parse(String(text)) ?? {}
    return isFields(args) ? args : undefined
  } catch {
    return undefined
  }
}
