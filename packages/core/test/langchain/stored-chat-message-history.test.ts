import assert from 'node:assert/strict'
import { BaseListChatMessageHistory } from '@langchain/core/chat_history'
import { AIMessage, AIMessageChunk, type BaseMessage, HumanMessage, RemoveMessage, ToolMessage } from '@langchain/core/messages'
import { RunnableWithMessageHistory } from '@langchain/core/runnables'
import { FakeListChatModel } from '@langchain/core/utils/testing'
import { describe, it } from 'vitest'
import { createMemoryHistory, type HistoryStore, MemoryDatabase } from '../../src/index.js'
import { StoredChatMessageHistory } from '../../src/langchain/index.js'

interface Settings {
  database?: MemoryDatabase
  ttlSeconds?: number
  onWarning?: () => void
}

const made: HistoryStore[] = []

/** What a backend's class looks like. */
class MemoryChatMessageHistory extends StoredChatMessageHistory<Settings> {
  constructor(fields: ConstructorParameters<typeof StoredChatMessageHistory<Settings>>[0]) {
    super(fields, settings => {
      const store = createMemoryHistory(settings)
      made.push(store)
      return store
    })
  }
}

describe('StoredChatMessageHistory', () => {
  it('is a BaseListChatMessageHistory over any store', async () => {
    const store = createMemoryHistory()
    const history = new StoredChatMessageHistory({ sessionId: 's', store })
    assert.ok(history instanceof BaseListChatMessageHistory)
    await history.addUserMessage('hi')
    await history.addAIMessage('hello')
    await history.addMessage(new HumanMessage({ content: 'again', id: 'h2' }))
    await history.addMessages([new AIMessage(''), new ToolMessage({ content: '1', tool_call_id: 'c' })])
    const types = (messages: BaseMessage[]) => messages.map(message => message.getType())
    assert.deepEqual(types(await history.getMessages()), ['human', 'ai', 'human', 'ai', 'tool'])
    assert.equal((await history.getMessages())[2]?.id, 'h2')
    await history.clear()
    assert.deepEqual(await history.getMessages(), [])
    await history.addMessages([])
    assert.deepEqual(await history.getMessages(), [])
  })

  it('adds messages as one append', async () => {
    const store = createMemoryHistory()
    const history = new StoredChatMessageHistory({ sessionId: 's', store })
    await history.addMessages([new HumanMessage('a'), new AIMessage('b')])
    const { entries } = await history.history.page()
    assert.equal(entries[0]?.createdAt?.getTime(), entries[1]?.createdAt?.getTime())
  })

  it('shows the window it was given', async () => {
    const store = createMemoryHistory()
    const all = new StoredChatMessageHistory({ sessionId: 's', store })
    await all.addMessages([
      new HumanMessage('a'),
      new AIMessage(''),
      new ToolMessage({ content: '1', tool_call_id: 'c' }),
      new AIMessage('b'),
    ])
    const contents = async (window: object) => {
      const messages = await new StoredChatMessageHistory({ sessionId: 's', store, window }).getMessages()
      return messages.map(message => message.content)
    }
    assert.deepEqual(await contents({ last: 2 }), ['1', 'b'])
    assert.deepEqual(await contents({ last: 2, wholeTurns: true }), ['b'])
    assert.deepEqual(await contents({}), ['a', '', '1', 'b'])
  })

  it('writes nothing of a call that holds something that cannot be stored', async () => {
    const history = new StoredChatMessageHistory({ sessionId: 's', store: createMemoryHistory() })
    await assert.rejects(history.addMessages([new HumanMessage('a'), new RemoveMessage({ id: 'x' })]), TypeError)
    await assert.rejects(
      history.addMessages([new HumanMessage('a'), { content: 'not a message' } as unknown as BaseMessage]),
      TypeError,
    )
    await assert.rejects(history.addMessages('hi' as unknown as BaseMessage[]), TypeError)
    assert.deepEqual(await history.getMessages(), [])
  })

  it('refuses what it does not know', () => {
    const store = createMemoryHistory()
    const make = (fields: object) => () => new MemoryChatMessageHistory(fields as { sessionId: string })
    for (const fields of [
      {},
      { sessionId: '' },
      { sessionId: 5 },
      { sessionId: '\ud800' },
      { sessionId: 's', window: { last: 0 } },
      { sessionId: 's', window: { first: 1 } },
      { sessionId: 's', window: 20 },
      { sessionId: 's', partitionKey: 'id' },
      { sessionId: 's', store, ttlSeconds: 5 },
    ]) {
      assert.throws(make(fields), TypeError, JSON.stringify(fields))
    }
    const says = (fields: object, text: string) =>
      assert.throws(() => new StoredChatMessageHistory(fields as { sessionId: string; store: HistoryStore }), {
        name: 'TypeError',
        message: `StoredChatMessageHistory: ${text}`,
      })
    says({ sessionId: 's' }, 'store is missing')
    says({ sessionId: 's', store: store.session('s') }, 'store must be a HistoryStore')
    says({ store }, 'sessionId is missing')
    says({ sessionId: 5, store }, 'sessionId must be a string')
  })
})

describe('instances with settings', () => {
  it('share one store while their settings are equal, whatever the order of the keys', async () => {
    const database = new MemoryDatabase()
    const onWarning = () => undefined
    const before = made.length
    const histories = Array.from({ length: 1_000 }, (_, i) =>
      i % 2 === 0
        ? new MemoryChatMessageHistory({ sessionId: `s${i}`, database, ttlSeconds: 60, onWarning })
        : new MemoryChatMessageHistory({ onWarning, ttlSeconds: 60, database, sessionId: `s${i}`, window: { last: 5 } }),
    )
    assert.equal(made.length - before, 1)
    new MemoryChatMessageHistory({ sessionId: 's', database, ttlSeconds: 61, onWarning })
    assert.equal(made.length - before, 2)
    await Promise.all(histories.map(history => history.addUserMessage('hi')))
    assert.equal((await histories[7]?.getMessages())?.length, 1)
  })

  it('close the store with the last of them, each counted once', async () => {
    const database = new MemoryDatabase()
    const first = new MemoryChatMessageHistory({ sessionId: 'a', database })
    const second = new MemoryChatMessageHistory({ sessionId: 'b', database })
    const store = made.at(-1)
    await first.close()
    await first.close()
    await second.addUserMessage('still open')
    await assert.rejects(first.getMessages(), { code: 'CLOSED', backend: 'memory', session: 'a' })
    await assert.rejects(first.addUserMessage('x'), { code: 'CLOSED' })
    await assert.rejects(first.clear(), { code: 'CLOSED' })
    await second.close()
    await assert.rejects(async () => store?.session('b').messages(), { code: 'CLOSED' })
    const third = new MemoryChatMessageHistory({ sessionId: 'b', database })
    assert.notEqual(made.at(-1), store)
    assert.equal((await third.getMessages()).length, 1)
    await third.close()
  })

  it('do not hold a share after a constructor that threw', async () => {
    const database = new MemoryDatabase()
    assert.throws(() => new MemoryChatMessageHistory({ sessionId: '', database }), TypeError)
    await assert.rejects(async () => made.at(-1)?.session('s').messages(), { code: 'CLOSED' })
  })

  it('never close a store that was given to them', async () => {
    const store = createMemoryHistory()
    await new MemoryChatMessageHistory({ sessionId: 's', store }).close()
    assert.deepEqual(await store.session('s').messages(), [])
  })
})

describe('in a RunnableWithMessageHistory', () => {
  const database = new MemoryDatabase()
  const chain = new RunnableWithMessageHistory({
    runnable: new FakeListChatModel({ responses: ['one', 'two', 'three'] }),
    getMessageHistory: sessionId => new MemoryChatMessageHistory({ sessionId, database }),
  })
  const config = { configurable: { sessionId: 'chain' } }

  it('keeps the turns of invoke and of stream, whose reply arrives as a chunk', async () => {
    await chain.invoke('first', config)
    const chunks: unknown[] = []
    for await (const chunk of await chain.stream('second', config)) chunks.push(chunk)
    assert.ok(chunks[0] instanceof AIMessageChunk)
    const messages = await new MemoryChatMessageHistory({ sessionId: 'chain', database }).getMessages()
    assert.deepEqual(
      messages.map(message => [message.getType(), message.content, message.constructor.name]),
      [
        ['human', 'first', 'HumanMessage'],
        ['ai', 'one', 'AIMessage'],
        ['human', 'second', 'HumanMessage'],
        ['ai', 'two', 'AIMessage'],
      ],
    )
  })
})
