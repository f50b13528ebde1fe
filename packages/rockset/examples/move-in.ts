// #region move
import { RocksetChatMessageHistory, type RocksetOptions } from '@hist/rockset'
import type { BaseListChatMessageHistory } from '@langchain/core/chat_history'

export async function moveIn(old: BaseListChatMessageHistory, settings: RocksetOptions, sessionId: string): Promise<void> {
  const history = new RocksetChatMessageHistory({ ...settings, sessionId })
  await history.addMessages(await old.getMessages())
  await history.close()
}
// #endregion move
