import { AIMessage, type BaseMessage } from '@langchain/core/messages'

/** What is used of LangChain's `AIMessageChunk`. */
interface ReplyChunk {
  readonly tool_call_chunks?: readonly { readonly id?: string; readonly name?: string; readonly args?: string }[]
  readonly tool_calls?: AIMessage['tool_calls']
  readonly usage_metadata?: AIMessage['usage_metadata']
}

/**
 * A reply that was cut off. A call of which not all has come is none that the model made, though LangChain reads its arguments as far as they go:
 * it becomes an invalid one, wherever the reply has it.
 */
export function withoutOpenCalls(reply: BaseMessage): BaseMessage {
  const { tool_call_chunks: chunks = [], tool_calls = [], usage_metadata } = reply as ReplyChunk
  const open = chunks.filter(({ args }) => !isJson(args))
  if (open.length === 0) return reply
  const ids = new Set<unknown>(open.map(({ id }) => id))
  const isWhole = ({ id }: { id?: unknown }) => !ids.has(id)
  const { content, id, name, response_metadata } = reply
  const { tool_calls: raw, ...additional_kwargs } = reply.additional_kwargs
  return new AIMessage({
    content: typeof content === 'string' ? content : content.filter(block => block.id === undefined || isWhole(block)),
    additional_kwargs: raw === undefined ? additional_kwargs : { ...additional_kwargs, tool_calls: raw.filter(isWhole) },
    response_metadata,
    tool_calls: tool_calls.filter(isWhole),
    invalid_tool_calls: open.map(call => ({ ...call, type: 'invalid_tool_call', error: 'The reply was cut off.' })),
    ...(id === undefined ? {} : { id }),
    ...(name === undefined ? {} : { name }),
    ...(usage_metadata === undefined ? {} : { usage_metadata }),
  })
}

function isJson(text = ''): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
