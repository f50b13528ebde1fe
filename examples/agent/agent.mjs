// @ts-check
// One question to an agent that remembers: node agent.mjs "<question>". What it says and does is in the database of stores.mjs as it happens,
// so the next process goes on with the conversation.
import { chatHistoryMiddleware } from '@hist/langchain'
import { createAgent } from 'langchain'
import { LocalModel } from './model.mjs'
import { openStore } from './stores.mjs'
import { bookTrain, findTrains } from './trains.mjs'

const [question] = process.argv.slice(2)
const { STORE = 'embedded', TRIP = '7' } = process.env
if (!question) throw new Error('usage: node agent.mjs "<question>"')

const { store, close } = await openStore(STORE)
try {
  const agent = createAgent({
    model: new LocalModel({}),
    tools: [findTrains, bookTrain],
    middleware: [chatHistoryMiddleware({ store, window: { last: 50 } })],
  })
  const { messages } = await agent.invoke(
    { messages: [{ role: 'user', content: question }] },
    { configurable: { thread_id: TRIP } },
  )
  console.info(messages.at(-1)?.content)
} finally {
  await close()
}
