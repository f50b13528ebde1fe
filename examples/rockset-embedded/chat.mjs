// @ts-check
// A chat in the terminal. What it remembers is in a Rockset server of this very process, and in its file when it has ended.
import { createInterface } from 'node:readline'
import { RocksetChatMessageHistory } from '@hist/rockset'
import { startRocksetServer } from '@hist/rockset-server'
import { AIMessage, HumanMessage } from '@langchain/core/messages'
import { RunnableLambda, RunnableWithMessageHistory } from '@langchain/core/runnables'

const { ROCKSET_DATA = 'chat.db', PORT = '4243' } = process.env
const server = await startRocksetServer({ data: ROCKSET_DATA, port: Number(PORT) })
const settings = { collection: 'chat', apiServer: server.url, apiKey: 'any' }

/** Stands in for the chat model of your provider: it is given the whole conversation. */
const model = RunnableLambda.from((/** @type {import('@langchain/core/messages').BaseMessage[]} */ messages) => {
  const questions = messages.filter(message => message.getType() === 'human').map(message => message.text)
  return new AIMessage(`You have told me: ${questions.join(', ')}.`)
})
const chain = new RunnableWithMessageHistory({
  runnable: model,
  getMessageHistory: sessionId => new RocksetChatMessageHistory({ ...settings, sessionId, window: { last: 20 } }),
})

// All histories with equal settings share one store, which is closed with the last of them.
const history = new RocksetChatMessageHistory({ ...settings, sessionId: 'you' })
const before = await history.getMessages()
console.info(`the server is at ${server.url}, and has ${before.length} messages of yours`)
for await (const question of createInterface({ input: process.stdin })) {
  const answer = await chain.invoke([new HumanMessage(question)], { configurable: { sessionId: 'you' } })
  console.info(answer.text)
}
await history.close()
await server.close()
