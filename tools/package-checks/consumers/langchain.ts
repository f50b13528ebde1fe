// Compiled against the packed package, as ESM, as CommonJS and for bundlers; never run.
import { createMemoryHistory } from '@hist/core'
import {
  type ChatHistoryMiddlewareOptions,
  chatHistoryMiddleware,
  type FailureDetails,
  type HistoryWindow,
  type WithChatHistoryOptions,
  withChatHistory,
} from '@hist/langchain'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import type { AIMessageChunk, BaseMessage } from '@langchain/core/messages'
import { type Runnable, RunnableLambda } from '@langchain/core/runnables'
import { createAgent } from 'langchain'

declare const model: BaseChatModel
const store = createMemoryHistory()
const window: HistoryWindow = { last: 20, maxTokens: 4_000, count: messages => messages.length * 10 }
const recording: ChatHistoryMiddlewareOptions = {
  store,
  mode: 'record',
  session: ({ configurable }) => `${configurable?.user}`,
  onError: 'report',
  report: (error: unknown, { session, messages }: FailureDetails) => console.error(session, messages.length, error),
}

export const agent = createAgent({
  model,
  tools: [],
  middleware: [chatHistoryMiddleware({ store, window }), chatHistoryMiddleware(recording)],
})
export const result: Promise<BaseMessage | undefined> = agent
  .invoke({ messages: [{ role: 'user', content: 'hi' }] }, { configurable: { thread_id: 'user-42' } })
  .then(({ messages }) => messages.at(-1))

const options: WithChatHistoryOptions = { store, window, inputMessagesKey: 'question', historyMessagesKey: 'history' }
export const chain: Runnable<{ question: string }, string> = withChatHistory(
  RunnableLambda.from(async ({ question }: { question: string }) => `re:${question}`),
  options,
)
export const chat: Promise<AIMessageChunk> = withChatHistory(model, { store }).invoke('hi')
// @ts-expect-error a store is required
chatHistoryMiddleware({ window })
// @ts-expect-error not a mode
chatHistoryMiddleware({ store, mode: 'load' })
