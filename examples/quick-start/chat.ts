// #region chain
import { DynamoDBChatMessageHistory } from '@hist/dynamodb'
import { RunnableWithMessageHistory } from '@langchain/core/runnables'
import { model } from './model.js'

const chain = new RunnableWithMessageHistory({
  runnable: model,
  getMessageHistory: sessionId =>
    new DynamoDBChatMessageHistory({
      tableName: 'ChatHistory',
      sessionId,
      setupMode: 'sync',
      window: { last: 20, wholeTurns: true },
    }),
})

export const ask = (question: string, sessionId: string) => chain.invoke(question, { configurable: { sessionId } })
// #endregion chain
