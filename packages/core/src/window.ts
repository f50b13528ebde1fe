import type { StoredMessage } from './message.js'
import { answeredIn } from './message-form.js'

/** How many leading messages are tool results. What they answer lies outside the window. */
export function leadingToolResults(messages: readonly StoredMessage[]): number {
  const first = messages.findIndex(message => answeredCall(message) === undefined)
  return first < 0 ? messages.length : first
}

/** The call that a tool result answers, by its id or name. */
export function answeredCall({ type, data }: StoredMessage): string | undefined {
  const field = answeredIn(type)
  return field && `${data[field]}`
}

/** The calls that a message makes, named as `answeredCall` names them. Rows of others may hold anything where a list belongs. */
export function madeCalls({ type, data }: StoredMessage): string[] {
  if (type !== 'ai') return []
  const lists: unknown[] = [data.tool_calls, data.invalid_tool_calls]
  const calls = lists.flatMap((list): { id?: unknown }[] => (Array.isArray(list) ? list : []))
  const legacy = data.additional_kwargs?.function_call as { name?: unknown } | undefined
  return [...calls.map(call => `${call?.id}`), `${legacy?.name}`]
}
