// #region move
import type { HistoryStore } from '@hist/core'
import { toStoredMessage } from '@hist/core/langchain'
import type { ReactAgent } from 'langchain'

/** What a checkpointer keeps of a thread, as a session: one append. */
export async function moveThread(agent: ReactAgent, store: HistoryStore, threadId: string): Promise<void> {
  const { values } = await agent.graph.getState({ configurable: { thread_id: threadId } })
  // A thread that is not there has no values.
  const messages = (values.messages ?? []).map(toStoredMessage)
  if (messages.length > 0) await store.session(threadId).append(messages, { timeoutMs: 60_000 })
}
// #endregion move
