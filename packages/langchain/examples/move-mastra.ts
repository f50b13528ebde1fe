// #region move
import type { AIMessageData, HistoryStore, StoredMessage } from '@hist/core'

/** What is used of Mastra's stored messages (`content.format` 2). */
export interface MastraMessage {
  id: string
  role: string
  createdAt: Date | string
  content: { parts: MastraPart[] }
}

interface MastraPart {
  type: string
  text?: string
  toolInvocation?: { toolCallId: string; toolName: string; args: Record<string, unknown>; result?: unknown }
}

/** What is used of Mastra's `Memory`. */
export interface MastraMemory {
  recall(query: { threadId: string; perPage: false }): Promise<{ messages: MastraMessage[] }>
}

/** A thread as a session: one append. */
export async function moveThread(memory: MastraMemory, store: HistoryStore, threadId: string): Promise<void> {
  const { messages } = await memory.recall({ threadId, perPage: false })
  const inOrder = messages.toSorted((one, other) => Number(new Date(one.createdAt)) - Number(new Date(other.createdAt)))
  await store.session(threadId).append(inOrder.flatMap(fromMastra), { timeoutMs: 60_000 })
}

/** Mastra's one message of an assistant holds calls, results and texts of several steps; LangChain has a message for each. */
function fromMastra({ id, role, content }: MastraMessage): StoredMessage[] {
  return stepsOf(content.parts).flatMap((parts, step): StoredMessage[] => {
    const invocations = parts.flatMap(({ toolInvocation }) => toolInvocation ?? [])
    const others = parts.filter(({ type }) => type !== 'text' && type !== 'tool-invocation')
    const data: AIMessageData = {
      id: step === 0 ? id : `${id}-${step}`,
      content: parts.flatMap(({ type, text }) => (type === 'text' && text !== undefined ? [text] : [])).join(''),
      ...(others.length > 0 && { additional_kwargs: { mastra: others } }),
    }
    if (role === 'user') return [{ type: 'human', data }]
    if (role === 'system') return [{ type: 'system', data }]
    data.tool_calls = invocations.map(({ toolCallId, toolName, args }) => ({
      id: toolCallId,
      name: toolName,
      args,
      type: 'tool_call',
    }))
    const results = invocations.filter(({ result }) => result !== undefined)
    return [
      { type: 'ai', data },
      ...results.map(({ toolCallId, toolName, result }): StoredMessage => {
        const content = typeof result === 'string' ? result : JSON.stringify(result)
        return { type: 'tool', data: { id: `${id}-${toolCallId}`, name: toolName, tool_call_id: toolCallId, content } }
      }),
    ]
  })
}

/** A step is what a model said at a time: texts, then calls. */
function stepsOf(parts: readonly MastraPart[]): MastraPart[][] {
  const steps: MastraPart[][] = []
  let callsBegan = true
  for (const part of parts) {
    const isCall = part.type === 'tool-invocation'
    if (part.type === 'step-start' || (callsBegan && !isCall) || steps.length === 0) steps.push([])
    if (part.type !== 'step-start') steps.at(-1)?.push(part)
    callsBegan = isCall
  }
  return steps.filter(step => step.length > 0)
}
// #endregion move
