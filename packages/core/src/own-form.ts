import type { Fields } from './message-form.js'
import { isKnownType } from './python-form.js'

export interface MessageForm {
  type: string
  data: Fields
  /** The message was a chunk. */
  chunk: boolean
}

const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['generic', 'chat'],
  ['user', 'human'],
  ['assistant', 'ai'],
  ['developer', 'system'],
])

/** The message under its type's own name: `generic` is `chat`, `AIMessageChunk` an `ai` that was a chunk. Other types stay. */
export function ownForm(type: string, data: Fields): MessageForm {
  const whole = type.endsWith('MessageChunk') && type.slice(0, -'MessageChunk'.length).toLowerCase()
  if (whole && isKnownType(whole)) return { type: whole, data, chunk: true }
  const form = { type: OTHER_NAMES.get(type) ?? type, data, chunk: false }
  if (type === 'developer')
    form.data = { ...data, additional_kwargs: { ...(data.additional_kwargs as Fields), __openai_role__: type } }
  return form
}
