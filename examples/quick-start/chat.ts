// #region chat
import { createDynamoDBHistory } from '@hist/dynamodb/store'
import { chatHistoryMiddleware } from '@hist/langchain'
import { createAgent } from 'langchain'
import { model } from './model.js'

const store = createDynamoDBHistory({ tableName: 'ChatHistory', setupMode: 'sync' })
const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ store, window: { last: 40 } })] })

export const ask = (content: string, thread_id: string) =>
  agent.invoke({ messages: [{ role: 'user', content }] }, { configurable: { thread_id } })
// #endregion chat
