// @ts-check
// The desk: takes what customers write, and shows their conversations. Who answers is none of its business.
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { createKafkaHistory } from '@hist/kafka/store'

const { KAFKA = '127.0.0.1:9092', KAFKA_TOPIC_PREFIX = 'trip-', PORT = '3000' } = process.env
const store = createKafkaHistory({ bootstrapServers: KAFKA, topicPrefix: KAFKA_TOPIC_PREFIX })

const server = createServer(async (request, response) => {
  // Only ids that are names for topics: Python's class knows no others.
  const [, id] = /^\/trips\/([\w-]{1,100})\/messages$/.exec(request.url ?? '') ?? []
  if (id === undefined) {
    response.writeHead(404).end()
    return
  }
  const chat = store.session(id)
  try {
    if (request.method === 'POST') {
      const { text } = /** @type {{ text: unknown }} */ (await json(request))
      await chat.append([{ type: 'human', data: { content: String(text) } }])
      response.writeHead(204).end()
    } else {
      const messages = await chat.messages()
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify(messages.map(({ type, data }) => ({ from: type, text: data.content }))))
    }
  } catch (error) {
    console.error(error)
    response.writeHead(500).end()
  }
})
server.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') console.info(`listening on http://127.0.0.1:${address?.port}`)
})

process.once('SIGTERM', () => {
  server.close(() => store.close())
  server.closeIdleConnections()
})
