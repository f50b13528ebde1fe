// #region agent
import { createDynamoDBHistory } from '@hist/dynamodb/store'
import { chatHistoryMiddleware } from '@hist/langchain'
import { createAgent } from 'langchain'
import { model } from './model.js'

const store = createDynamoDBHistory({ tableName: 'ChatHistory', setupMode: 'sync' })
const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ store, window: { last: 40 } })] })

const config = { configurable: { thread_id: 'user-42' } }
await agent.invoke({ messages: [{ role: 'user', content: 'My name is Ada.' }] }, config)
const { messages } = await agent.invoke({ messages: [{ role: 'user', content: 'What is my name?' }] }, config)
export const reply = messages.at(-1)?.content // Your name is Ada.

await store.close()
// #endregion agent
