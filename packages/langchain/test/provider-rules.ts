import type { AIMessage, BaseMessage, ToolMessage } from '@langchain/core/messages'

/**
 * What the strictest of the providers asks of a list of messages: behind each reply with calls, at once, one result for each of them and
 * nothing else; no result anywhere else; nothing twice.
 */
export function checkProviderRules(messages: readonly BaseMessage[]): void {
  const ids = messages.map(({ id }) => id).filter(id => id !== undefined)
  if (new Set(ids).size < ids.length) throw new Error('400: a message is there twice')
  let open: string[] = []
  for (const message of messages) {
    if (message.getType() === 'tool') {
      const place = open.indexOf((message as ToolMessage).tool_call_id)
      if (place < 0) throw new Error(`400: a result without its call: ${describe(messages)}`)
      open.splice(place, 1)
      continue
    }
    if (open.length > 0) throw new Error(`400: a call without its result: ${describe(messages)}`)
    if (message.getType() === 'ai') open = ((message as AIMessage).tool_calls ?? []).map(({ id }) => `${id}`)
  }
  if (open.length > 0) throw new Error(`400: a call without its result: ${describe(messages)}`)
}

function describe(messages: readonly BaseMessage[]): string {
  return messages.map(message => message.getType()).join(' ')
}
