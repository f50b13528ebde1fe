// #region before
import { DynamoDBChatMessageHistory } from '@hist/dynamodb'
import { RunnableWithMessageHistory } from '@langchain/core/runnables'
import { model, prompt } from './model.js'

export const before = new RunnableWithMessageHistory({
  runnable: prompt.pipe(model),
  getMessageHistory: sessionId => new DynamoDBChatMessageHistory({ tableName: 'ChatHistory', sessionId, window: { last: 20 } }),
  inputMessagesKey: 'question',
  historyMessagesKey: 'history',
})
// #endregion before
