// #region move
import { DynamoDBChatMessageHistory } from '@hist/dynamodb'
import type { BaseListChatMessageHistory } from '@langchain/core/chat_history'

/** One append: all of the session's messages or, if it fails, none. */
export async function moveIn(old: BaseListChatMessageHistory, tableName: string, sessionId: string): Promise<void> {
  const history = new DynamoDBChatMessageHistory({ tableName, sessionId, timeoutMs: 60_000 })
  await history.addMessages(await old.getMessages())
  await history.close()
}
// #endregion move
