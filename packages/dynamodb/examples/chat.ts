// #region chat
import { DynamoDBChatMessageHistory } from '@hist/dynamodb'
import { AIMessage, HumanMessage } from '@langchain/core/messages'

const history = new DynamoDBChatMessageHistory({
  tableName: 'ChatHistory',
  sessionId: 'user-42',
  setupMode: 'sync',
  window: { last: 20 },
})

await history.addMessages([new HumanMessage('hi'), new AIMessage('Hello!')])
export const messages = await history.getMessages()

await history.close()
// #endregion chat
