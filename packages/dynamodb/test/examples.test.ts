import { CreateTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { InMemoryChatMessageHistory } from '@langchain/core/chat_history'
import { HumanMessage, ToolMessage } from '@langchain/core/messages'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { contents } from '../../core/test/messages.js'
import { type Database, openDatabase } from './database.js'

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

  test("Python's table", async () => {
    const item = {
      SessionId: { S: 'user-45' },
      History: { L: [{ M: { type: { S: 'human' }, data: { M: { type: { S: 'human' }, content: { S: 'hi from Python' } } } } }] },
    }
    await createTable('SessionTable', 'SessionId')
    await database.client.send(new PutItemCommand({ TableName: 'SessionTable', Item: item }))
    const { before } = await import('../examples/python-table.js')
    expect(contents(before)).toEqual(['hi from Python'])
    const after = database.store({ tableName: 'SessionTable', layout: 'list' }).session('user-45')
    expect(contents(await after.messages())).toEqual(['hi from Python', 'hi from JavaScript'])
  })

  test('moving items', async () => {
    const { moveItems } = await import('../examples/move-items.js')
    await createTable('langchain', 'id')
    for (const id of ['a', 'b']) {
      const messages = { L: [{ M: { type: { S: 'human' }, text: { S: `hi ${id}` }, additional_kwargs: { S: '{"k":1}' } } }] }
      await database.client.send(new PutItemCommand({ TableName: 'langchain', Item: { id: { S: id }, messages } }))
    }
    await moveItems('langchain', 'ChatHistory')
    const messages = await database.store({ tableName: 'ChatHistory' }).session('b').messages()
    expect(messages).toEqual([{ type: 'human', data: { content: 'hi b', additional_kwargs: { k: 1 }, response_metadata: {} } }])
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

async function createTable(TableName: string, hashKey: string): Promise<void> {
  await database.client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: hashKey, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: hashKey, KeyType: 'HASH' }],
    }),
  )
}
