// #region move
import type { HistoryStore } from '@hist/core'
import { toStoredMessage } from '@hist/core/langchain'
import type { ReactAgent } from 'langchain'

/** What a checkpointer keeps of a thread, as a session: one append. */
export async function moveThread(agent: ReactAgent, store: HistoryStore, threadId: string): Promise<void> {
  const { values } = await agent.graph.getState({ configurable: { thread_id: threadId } })
  await store.session(threadId).append(values.messages.map(toStoredMessage), { timeoutMs: 60_000 })
}
// #endregion move
