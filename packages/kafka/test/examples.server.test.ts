import { describeWithServer } from '@hist/servers/vitest'
import { InMemoryChatMessageHistory } from '@langchain/core/chat_history'
import { AIMessage, HumanMessage } from '@langchain/core/messages'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { type Database, openDatabase } from './database.js'

describeWithServer('kafka', 'the examples of the README', address => {
  let database: Database
  beforeAll(() => {
    database = openDatabase(address)
    vi.stubEnv('KAFKA', address.bootstrapServers)
    vi.stubEnv('KAFKA_TOPIC_PREFIX', database.topicPrefix)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await database.close()
  })
  const stored = async (session: string) => contents(await database.store().session(session).messages())

  test('chat', async () => {
    const { messages } = await import('../examples/chat.js')
    expect(messages.map(message => message.content)).toEqual(['hi', 'Hello!'])
  })

  test('store', async () => {
    const { newest } = await import('../examples/store.js')
    expect(contents(newest)).toEqual(['hi', 'Hello!'])
  })

  test('client', async () => {
    await import('../examples/client.js')
    expect(await stored('user-44')).toEqual(['hi'])
  })

  test("a topic of Python's class", async () => {
    await database
      .store()
      .session('trip-7')
      .append([human('to Zürich'), human('by train')])
    const { all, unread } = await import('../examples/python-topic.js')
    for (const messages of [all, unread]) expect(messages.map(message => message.content)).toEqual(['to Zürich', 'by train'])
    expect(await stored('trip-7')).toEqual(['to Zürich', 'by train', 'hi from JavaScript'])
  })

  test('moving in', async () => {
    const { moveIn } = await import('../examples/move-in.js')
    const old = new InMemoryChatMessageHistory([new HumanMessage('hi'), new AIMessage('Hello!')])
    const { own, topicPrefix } = database
    await moveIn(old, { ...own, topicPrefix }, 'moved')
    expect(await stored('moved')).toEqual(['hi', 'Hello!'])
  })
})
