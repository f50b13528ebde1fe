import { createRocksetHistory, RocksetChatMessageHistory } from '@hist/rockset'
import { BaseListChatMessageHistory } from '@langchain/core/chat_history'
import { AIMessage, type AIMessageFields, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { range } from '../../core/test/numbers.js'
import { type Database, openDatabase } from './database.js'

let database: Database

beforeAll(async () => {
  database = await openDatabase()
})

afterAll(() => database.close())

function history(sessionId: string, more: { window?: { last: number } } = {}): RocksetChatMessageHistory {
  return new RocksetChatMessageHistory({ collection: 'chat', sessionId, ...database.own(), ...more })
}

describe('RocksetChatMessageHistory', () => {
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

  test('of a store that the app holds', async () => {
    const store = createRocksetHistory({ collection: 'chat', ...database.own() })
    const own = new RocksetChatMessageHistory({ store, sessionId: 'of a store' })
    await own.addMessage(new HumanMessage('hi'))
    await own.close()
    expect(await store.session('of a store').messages()).toHaveLength(1)
    await store.close()
  })
})
