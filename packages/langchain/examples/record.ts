// #region record
import { createDynamoDBHistory } from '@hist/dynamodb/store'
import { chatHistoryMiddleware } from '@hist/langchain'
import { MemorySaver } from '@langchain/langgraph'
import { createAgent } from 'langchain'
import { model } from './model.js'

const store = createDynamoDBHistory({ tableName: 'ChatHistory', setupMode: 'sync' })
const agent = createAgent({
  model,
  tools: [],
  checkpointer: new MemorySaver(),
  middleware: [chatHistoryMiddleware({ store, mode: 'record' })],
})

await agent.invoke({ messages: [{ role: 'user', content: 'My name is Ada.' }] }, { configurable: { thread_id: 'user-44' } })
export const transcript = await store.session('user-44').messages()

await store.close()
// #endregion record
