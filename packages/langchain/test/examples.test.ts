import { createMemoryHistory } from '@hist/core'
import { chatHistoryMiddleware } from '@hist/langchain'
import { MemorySaver } from '@langchain/langgraph'
import { createAgent } from 'langchain'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { contents } from '../../core/test/messages.js'
import { type Database, openDatabase } from '../../dynamodb/test/database.js'
import { EchoModel } from './echo-model.js'
import { linesOf } from './with-chat-history-suite.js'

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

const table = () => database.store({ tableName: 'ChatHistory' })
const conversation = ['human My name is Ada.', 'ai Hello Ada!', 'human What is my name?', 'ai Your name is Ada.']

describe('the examples of the README', () => {
  test('agent', async () => {
    const { reply } = await import('../examples/agent.js')
    expect(reply).toBe('Your name is Ada.')
    expect(await linesOf(table().session('user-42'))).toEqual(conversation)
  })

  test('chain', async () => {
    const { reply } = await import('../examples/chain.js')
    expect(reply).toBe('Your name is Ada.')
    expect(await linesOf(table().session('user-43'))).toEqual(conversation)
  })

  test('tokens', async () => {
    const { chain } = await import('../examples/tokens.js')
    expect(await chain.invoke('My name is Ada.', { configurable: { sessionId: 's' } })).toMatchObject({ content: /Ada/ })
  })

  test('record', async () => {
    const { transcript } = await import('../examples/record.js')
    expect(contents(transcript)).toEqual(['My name is Ada.', expect.stringContaining('Ada')])
  })
})

describe('the examples of the page on moving in', () => {
  test('from RunnableWithMessageHistory: the conversation goes on', async () => {
    const { before } = await import('../examples/built-in-chain.js')
    const { after, store } = await import('../examples/moved-chain.js')
    const config = { configurable: { sessionId: 'moved' } }
    await before.invoke({ question: 'My name is Ada.' }, config)
    await after.invoke({ question: 'What is my name?' }, config)
    expect(await linesOf(store.session('moved'))).toEqual(conversation)
    await store.close()
  })

  test('from a checkpointer', async () => {
    const { moveThread } = await import('../examples/move-checkpoint.js')
    const agent = createAgent({ model: new EchoModel(), tools: [], checkpointer: new MemorySaver() })
    const config = { configurable: { thread_id: 'thread-1' } }
    await agent.invoke({ messages: [{ role: 'user', content: 'one' }] }, config)
    const { messages } = await agent.invoke({ messages: [{ role: 'user', content: 'two' }] }, config)
    const store = createMemoryHistory()
    await moveThread(agent, store, 'thread-1')
    const chat = store.session('thread-1')
    expect(await linesOf(chat)).toEqual(['human one', 'ai re:one', 'human two', 'ai re:two'])
    expect((await chat.messages()).map(({ data }) => data.id)).toEqual(messages.map(({ id }) => id))
  })

  test('beside a checkpointer: the first run stores what the thread holds', async () => {
    const checkpointer = new MemorySaver()
    const config = { configurable: { thread_id: 'thread-2' } }
    const ask = (content: string) => ({ messages: [{ role: 'user', content }] })
    await createAgent({ model: new EchoModel(), tools: [], checkpointer }).invoke(ask('one'), config)
    const store = createMemoryHistory()
    const middleware = [chatHistoryMiddleware({ store, mode: 'record' })]
    await createAgent({ model: new EchoModel(), tools: [], checkpointer, middleware }).invoke(ask('two'), config)
    expect(await linesOf(store.session('thread-2'))).toEqual(['human one', 'ai re:one', 'human two', 'ai re:two'])
  })

  // Mastra itself is not run: these messages are in the form of its documentation.
  test('from Mastra', async () => {
    const { moveThread } = await import('../examples/move-mastra.js')
    const call = (toolCallId: string, result?: unknown) => ({
      type: 'tool-invocation',
      toolInvocation: {
        state: 'result',
        toolCallId,
        toolName: 'look',
        args: { for: toolCallId },
        ...(result !== undefined && { result }),
      },
    })
    const text = (text: string) => ({ type: 'text', text })
    const messages = [
      {
        id: 'm2',
        role: 'assistant',
        createdAt: '2026-01-01T00:00:01Z',
        content: {
          parts: [
            { type: 'step-start' },
            { type: 'reasoning', reasoning: 'hm' },
            text('Let me look.'),
            call('c1', { found: 1 }),
            call('c2', 'two'),
            { type: 'step-start' },
            call('c3'),
            text('Done.'),
          ],
        },
      },
      {
        id: 'm1',
        role: 'user',
        createdAt: new Date('2026-01-01T00:00:00Z'),
        content: { parts: [text('Look'), text(' please.')] },
      },
      { id: 'm3', role: 'system', createdAt: new Date('2026-01-01T00:00:02Z'), content: { parts: [text('Be kind.')] } },
    ]
    const store = createMemoryHistory()
    const asked: unknown[] = []
    const memory = {
      async recall(query: unknown) {
        asked.push(query)
        return { messages }
      },
    }
    await moveThread(memory, store, 't')
    expect(asked).toEqual([{ threadId: 't', perPage: false }])
    const stored = await store.session('t').messages()
    expect(stored.map(({ type, data: { id, content } }) => [type, id, content])).toEqual([
      ['human', 'm1', 'Look please.'],
      ['ai', 'm2', 'Let me look.'],
      ['tool', 'm2-c1', '{"found":1}'],
      ['tool', 'm2-c2', 'two'],
      ['ai', 'm2-1', ''],
      ['ai', 'm2-2', 'Done.'],
      ['system', 'm3', 'Be kind.'],
    ])
    expect(stored[1]?.data).toMatchObject({
      tool_calls: [
        { id: 'c1', name: 'look', args: { for: 'c1' } },
        { id: 'c2', name: 'look', args: { for: 'c2' } },
      ],
      additional_kwargs: { mastra: [{ type: 'reasoning', reasoning: 'hm' }] },
    })
  })
})
