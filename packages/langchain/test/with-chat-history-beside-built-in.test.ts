// What LangChain's own class does and what ours does, in the same case: each difference is the reason for a line of ours.
import { createMemoryHistory, type HistoryStore } from '@hist/core'
import { StoredChatMessageHistory } from '@hist/core/langchain'
import { AIMessage, type BaseMessage, HumanMessage } from '@langchain/core/messages'
import { RunnableLambda, RunnableWithMessageHistory } from '@langchain/core/runnables'
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { withChatHistory } from '../src/with-chat-history.js'
import { EchoModel } from './echo-model.js'
import { createFailingStore, refusesReplies } from './failing-store.js'
import { linesOf } from './with-chat-history-suite.js'

const sessionId = 's'
const config = { configurable: { sessionId } }
const keys = { inputMessagesKey: 'messages', outputMessagesKey: 'messages' }

/** The built-in class logs what it swallows. */
let logged: MockInstance
beforeEach(() => {
  logged = vi.spyOn(console, 'warn').mockReturnValue(undefined)
})
afterEach(() => {
  logged.mockRestore()
})

function builtIn(runnable: EchoModel, store: HistoryStore) {
  return new RunnableWithMessageHistory({
    runnable,
    getMessageHistory: () => new StoredChatMessageHistory({ sessionId, store }),
  })
}

describe('a write that fails', () => {
  test('built-in: only logged, the call resolves', async () => {
    const store = createFailingStore({ refusesAppend: refusesReplies })
    const reply = await builtIn(new EchoModel(), store).invoke('one', config)
    expect(reply.content).toBe('re:one')
    expect(logged).toHaveBeenCalled()
    expect(await linesOf(store.session(sessionId))).toEqual([])
  })

  test('ours: the call rejects', async () => {
    const store = createFailingStore({ refusesAppend: refusesReplies })
    const call = withChatHistory(new EchoModel(), { store }).invoke('one', config)
    await expect(call).rejects.toMatchObject({ name: 'HistoryError', code: 'ACCESS_DENIED', outcome: 'failed' })
    expect(await linesOf(store.session(sessionId))).toEqual(['human one'])
    expect(logged).not.toHaveBeenCalled()
  })
})

describe('a model that throws', () => {
  const failing = () =>
    new EchoModel({
      before() {
        throw new Error('overloaded')
      },
    })

  test('built-in: nothing is stored', async () => {
    const store = createMemoryHistory()
    await expect(builtIn(failing(), store).invoke('one', config)).rejects.toThrow('overloaded')
    expect(await linesOf(store.session(sessionId))).toEqual([])
  })

  test("ours: the user's message is stored", async () => {
    const store = createMemoryHistory()
    await expect(withChatHistory(failing(), { store }).invoke('one', config)).rejects.toThrow('overloaded')
    expect(await linesOf(store.session(sessionId))).toEqual(['human one'])
  })
})

describe('a consumer that leaves the stream early', () => {
  test('built-in: nothing is stored', async () => {
    const store = createMemoryHistory()
    for await (const _ of await builtIn(new EchoModel(), store).stream('one', config)) break
    expect(await linesOf(store.session(sessionId))).toEqual([])
  })

  test('ours: the question and what had come of the reply are stored', async () => {
    const store = createMemoryHistory()
    for await (const _ of await withChatHistory(new EchoModel({ pieces: 9 }), { store }).stream('one', config)) break
    const [question, reply] = await linesOf(store.session(sessionId))
    expect(question).toBe('human one')
    expect(reply).toMatch(/^ai re:one/)
  })
})

describe('two concurrent calls on one session', () => {
  /** A asks first and is answered last. */
  async function run(wrap: (model: EchoModel, store: HistoryStore) => ReturnType<typeof builtIn | typeof withChatHistory>) {
    const store = createMemoryHistory()
    const chat = store.session(sessionId)
    await chat.append([{ type: 'human', data: { content: 'old' } }])
    let release = () => {}
    const released = new Promise<void>(resolve => {
      release = resolve
    })
    let started = () => {}
    const aStarted = new Promise<void>(resolve => {
      started = resolve
    })
    const before = (question: string) => {
      if (question !== 'A') return undefined
      started()
      return released
    }
    const chain = wrap(new EchoModel({ before }), store)
    const a = chain.invoke('A', config)
    await aStarted
    await chain.invoke('B', config)
    release()
    await a
    return linesOf(chat)
  }

  test("built-in: the first one's question is lost", async () => {
    expect(await run(builtIn)).toEqual(['human old', 'human B', 'ai re:B', 'ai re:A'])
  })

  test('ours: all is there', async () => {
    expect(await run((model, store) => withChatHistory(model, { store }))).toEqual([
      'human old',
      'human A',
      'human B',
      'ai re:B',
      'ai re:A',
    ])
  })
})

describe('a history whose length changes while the model runs', () => {
  test('built-in: the question is lost when it grows, and what was cleared comes back', async () => {
    const { grown, cleared } = await run(builtIn)
    expect(grown).toEqual(['human old', 'human note', 'ai re:one'])
    expect(cleared).toEqual(['human old', 'human one', 'ai re:one'])
  })

  test('ours: neither', async () => {
    const { grown, cleared } = await run((model, store) => withChatHistory(model, { store }))
    expect(grown).toEqual(['human old', 'human one', 'human note', 'ai re:one'])
    expect(cleared).toEqual(['ai re:one'])
  })

  async function run(wrap: (model: EchoModel, store: HistoryStore) => ReturnType<typeof builtIn | typeof withChatHistory>) {
    const during = async (change: (chat: ReturnType<HistoryStore['session']>) => Promise<unknown>) => {
      const store = createMemoryHistory()
      const chat = store.session(sessionId)
      await chat.append([{ type: 'human', data: { content: 'old' } }])
      await wrap(new EchoModel({ before: () => change(chat) }), store).invoke('one', config)
      return linesOf(chat)
    }
    return {
      grown: await during(chat => chat.append([{ type: 'human', data: { content: 'note' } }])),
      cleared: await during(chat => chat.clear()),
    }
  }
})

describe('a runnable that returns what it was given and more, as agents do', () => {
  const agent = RunnableLambda.from(async ({ messages }: { messages: BaseMessage[] }) => ({
    messages: [
      ...messages,
      new AIMessage({ id: `reply to ${messages.at(-1)?.content}`, content: `re:${messages.at(-1)?.content}` }),
    ],
  }))
  const ask = (question: string) => ({ messages: [new HumanMessage(question)] })

  test('built-in: stored once more in every turn', async () => {
    const store = createMemoryHistory()
    const chain = new RunnableWithMessageHistory({
      runnable: agent,
      getMessageHistory: () => new StoredChatMessageHistory({ sessionId, store }),
      ...keys,
    })
    await chain.invoke(ask('one'), config)
    await chain.invoke(ask('two'), config)
    const first = ['human one', 'human one', 'ai re:one']
    expect(await linesOf(store.session(sessionId))).toEqual([...first, 'human two', ...first, 'human two', 'ai re:two'])
  })

  test('ours: stored once', async () => {
    const store = createMemoryHistory()
    const chain = withChatHistory(agent, { store, ...keys })
    await chain.invoke(ask('one'), config)
    await chain.invoke(ask('two'), config)
    expect(await linesOf(store.session(sessionId))).toEqual(['human one', 'ai re:one', 'human two', 'ai re:two'])
  })
})
