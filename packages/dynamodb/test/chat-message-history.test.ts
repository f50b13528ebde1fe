import { createDynamoDBHistory, DynamoDBChatMessageHistory } from '@hist/dynamodb'
import { BaseListChatMessageHistory } from '@langchain/core/chat_history'
import { AIMessage, type AIMessageFields, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages'
import { describe, expect, test } from 'vitest'
import { range } from '../../core/test/numbers.js'
import { sdkClient } from './database.js'
import { database, proxy, tableName } from './fixture.js'

function history(sessionId: string, more: { window?: { last: number } } = {}): DynamoDBChatMessageHistory {
  return new DynamoDBChatMessageHistory({ tableName, sessionId, ...database.own(proxy.url), ...more })
}

describe('DynamoDBChatMessageHistory', () => {
  test('loses nothing of LangChain’s messages', async () => {
    const own = history('all')
    const messages = [
      new SystemMessage('be brief'),
      new HumanMessage({ content: [{ type: 'text', text: 'look' }], id: 'h1', name: 'Ada' }),
      new AIMessage({
        content: '',
        id: 'a1',
        tool_calls: [{ name: 'search', args: { q: 'x' }, id: 'c1', type: 'tool_call' }],
        usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
        response_metadata: { model_name: 'local' },
      } as object as AIMessageFields),
      new ToolMessage({ content: 'found', tool_call_id: 'c1', artifact: { rows: [1, 2] }, status: 'success' }),
    ]
    await own.addMessages(messages)
    await own.addUserMessage('thanks')
    await own.addAIMessage('you are welcome')
    const stored = await own.getMessages()
    expect(stored.slice(0, 4)).toEqual(messages)
    expect(stored.slice(4)).toEqual([new HumanMessage('thanks'), new AIMessage('you are welcome')])
    expect(own).toBeInstanceOf(BaseListChatMessageHistory)
    await own.clear()
    expect(await own.getMessages()).toEqual([])
    await own.close()
  })

  test('window: { last }', async () => {
    const own = history('window', { window: { last: 2 } })
    await own.addMessages(range(5).map(number => new HumanMessage(`${number}`)))
    expect((await own.getMessages()).map(message => message.content)).toEqual(['3', '4'])
    await own.close()
  })

  test('instances with equal settings share one client, which is closed with the last of them', async () => {
    const histories = range(100).map(number => history(`shared-${number}`))
    for (const [number, own] of histories.entries()) await own.addMessage(new HumanMessage(`${number}`))
    expect(proxy.connections()).toBe(1)
    expect(proxy.count('GetItem')).toBe(1)
    const [first, ...others] = histories
    await Promise.all(others.map(own => own.close()))
    expect(await first?.getMessages()).toHaveLength(1)
    expect(proxy.connections()).toBe(1)
    await first?.close()
    for (let waited = 0; proxy.connections() > 0 && waited < 100; waited++) await new Promise(resolve => setTimeout(resolve, 10))
    expect(proxy.connections()).toBe(0)
  })

  test('with an injected client, which stays open', async () => {
    const client = sdkClient(database.url)
    const histories = range(3).map(
      number => new DynamoDBChatMessageHistory({ tableName, client, sessionId: `injected-${number}` }),
    )
    for (const own of histories) await own.addMessage(new HumanMessage('hi'))
    for (const own of histories) await own.close()
    await new DynamoDBChatMessageHistory({ tableName, client, sessionId: 'injected-0' }).getMessages()
    client.destroy()
  })

  test('of a store that the app holds', async () => {
    const store = createDynamoDBHistory({ tableName, ...database.own() })
    const own = new DynamoDBChatMessageHistory({ store, sessionId: 'of a store' })
    await own.addMessage(new HumanMessage('hi'))
    await own.close()
    expect(await store.session('of a store').messages()).toHaveLength(1)
    await store.close()
    // @ts-expect-error: a store has its settings
    expect(() => new DynamoDBChatMessageHistory({ store, sessionId: 's', tableName })).toThrow(TypeError)
  })
})
