// Compiled against the packed package, as ESM, as CommonJS and for bundlers; never run.
import {
  type ChatHistory,
  createMemoryHistory,
  type HistoryError,
  type HistoryStore,
  isHistoryError,
  MemoryBackend,
  type StoredMessage,
} from '@hist/core'
import { historyBackendContract } from '@hist/core/conformance'
import { fromStoredMessage, StoredChatMessageHistory, toStoredMessage } from '@hist/core/langchain'
import type { BaseListChatMessageHistory } from '@langchain/core/chat_history'
import type { BaseMessage } from '@langchain/core/messages'

export async function plain(store: HistoryStore = createMemoryHistory()): Promise<StoredMessage[]> {
  const chat: ChatHistory = store.session('user-42')
  try {
    await chat.append([{ type: 'human', data: { content: 'hi' } }])
    return await chat.messages({ last: 20 })
  } catch (error) {
    if (isHistoryError(error)) throw new Error(error.code satisfies HistoryError['code'])
    throw error
  } finally {
    await store.close()
  }
}

export const langChain = (store: HistoryStore): BaseListChatMessageHistory =>
  new StoredChatMessageHistory({ sessionId: 'user-42', store })
export const there: (message: BaseMessage) => StoredMessage = toStoredMessage
export const back: (message: StoredMessage) => BaseMessage = fromStoredMessage
export const others: unknown[] = [MemoryBackend, historyBackendContract]
