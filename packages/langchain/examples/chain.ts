// #region chain
import { createDynamoDBHistory } from '@hist/dynamodb/store'
import { withChatHistory } from '@hist/langchain'
import { ChatPromptTemplate, MessagesPlaceholder } from '@langchain/core/prompts'
import { model } from './model.js'

const store = createDynamoDBHistory({ tableName: 'ChatHistory', setupMode: 'sync' })
const prompt = ChatPromptTemplate.fromMessages([new MessagesPlaceholder('history'), ['human', '{question}']])
const keys = { inputMessagesKey: 'question', historyMessagesKey: 'history' }
const chain = withChatHistory(prompt.pipe(model), { store, ...keys, window: { last: 20 } })

const config = { configurable: { sessionId: 'user-43' } }
await chain.invoke({ question: 'My name is Ada.' }, config)
export let reply = ''
for await (const chunk of await chain.stream({ question: 'What is my name?' }, config)) reply += chunk.content

await store.close()
// #endregion chain
