// #region move
import { KafkaChatMessageHistory, type KafkaOptions } from '@hist/kafka'
import type { BaseListChatMessageHistory } from '@langchain/core/chat_history'

export async function moveIn(old: BaseListChatMessageHistory, settings: KafkaOptions, sessionId: string): Promise<void> {
  const history = new KafkaChatMessageHistory({ ...settings, sessionId })
  await history.addMessages(await old.getMessages())
  await history.close()
}
// #endregion move
