import { InMemoryChatMessageHistory } from '@langchain/core/chat_history'
import { HumanMessage, ToolMessage } from '@langchain/core/messages'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { contents, type Database, openDatabase } from './database.js'

let database: Database

beforeAll(async () => {
  database = await openDatabase()
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', database.url)
  vi.stubEnv('AWS_REGION', 'eu-central-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await database.close()
})

describe('the examples of the README', () => {
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
    expect(await database.items('ChatHistory', 'user-44')).toHaveLength(1)
  })

  test('moving in', async () => {
    const { moveIn } = await import('../examples/move-in.js')
    const old = new InMemoryChatMessageHistory()
    await old.addMessages([new HumanMessage('hi'), new ToolMessage({ content: 'found', tool_call_id: 'c1' })])
    await moveIn(old, 'ChatHistory', 'moved')
    const { DynamoDBChatMessageHistory } = await import('@hist/dynamodb')
    const history = new DynamoDBChatMessageHistory({ tableName: 'ChatHistory', sessionId: 'moved' })
    expect(await history.getMessages()).toEqual(await old.getMessages())
    await history.close()
  })
})
