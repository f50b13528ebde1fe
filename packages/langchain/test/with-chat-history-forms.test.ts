import { createMemoryHistory, isHistoryError } from '@hist/core'
import { AIMessage, type BaseMessage, HumanMessage, RemoveMessage, ToolMessage } from '@langchain/core/messages'
import { ChatPromptTemplate, MessagesPlaceholder } from '@langchain/core/prompts'
import { Runnable, RunnableLambda } from '@langchain/core/runnables'
import { describe, expect, test } from 'vitest'
import { type WithChatHistoryOptions, withChatHistory } from '../src/with-chat-history.js'
import { EchoModel } from './echo-model.js'
import { createFailingStore } from './failing-store.js'
import { linesOf } from './with-chat-history-suite.js'

type Options = Omit<WithChatHistoryOptions, 'store'>

const sessionId = 's'
const configurable = { sessionId }
const config = { configurable }

/** A runnable that answers with `output`, on a history with two messages. */
async function answering(output: unknown, options: Options = {}) {
  const store = createMemoryHistory()
  const chat = store.session(sessionId)
  await chat.append([
    { type: 'human', data: { content: 'old' } },
    { type: 'ai', data: { content: 're:old' } },
  ])
  const inputs: unknown[] = []
  const runnable = RunnableLambda.from((input: unknown) => {
    inputs.push(input)
    return output as never
  })
  const added = async () => (await linesOf(chat)).slice(2)
  return { chain: withChatHistory(runnable, { store, ...options }), inputs, added }
}

const copyOfReply = (message: BaseMessage) =>
  message.getType() === 'ai' ? new AIMessage({ id: `${message.id}`, content: message.content as string }) : message
const contents = (messages: unknown) => (messages as BaseMessage[]).map(({ content }) => content)

describe('input', () => {
  const message = new HumanMessage({ id: 'm1', content: 'hi' })

  test.each<[string, unknown, Options]>([
    ['a string', 'hi', {}],
    ['a message', message, {}],
    ['an array of messages', [message], {}],
    ['an array of what LangChain makes messages of', [{ role: 'user', content: 'hi' }], {}],
    ['an object with one key', { anything: 'hi' }, {}],
    ['an object with a key input', { input: 'hi', language: 'de' }, {}],
  ])('%s: the runnable gets history and input as a list', async (_, input, options) => {
    const { chain, inputs, added } = await answering('hello', options)
    await chain.invoke(input, config)
    expect(contents(inputs[0])).toEqual(['old', 're:old', 'hi'])
    expect(await added()).toEqual(['human hi', 'ai hello'])
  })

  test.each<[string, unknown]>([
    ['a string', 'hi'],
    ['a message', message],
    ['messages', [message]],
  ])('an object with inputMessagesKey, %s in it: the list is put there', async (_, question) => {
    const { chain, inputs, added } = await answering('hello', { inputMessagesKey: 'question' })
    await chain.invoke({ question, language: 'de' }, config)
    expect(inputs).toMatchObject([{ language: 'de' }])
    expect(contents((inputs[0] as { question: unknown }).question)).toEqual(['old', 're:old', 'hi'])
    expect(await added()).toEqual(['human hi', 'ai hello'])
  })

  test('with historyMessagesKey: the history is put there, the input stays', async () => {
    const { chain, inputs, added } = await answering('hello', { inputMessagesKey: 'question', historyMessagesKey: 'past' })
    const input = { question: 'hi', language: 'de' }
    await chain.invoke(input, config)
    expect(inputs).toMatchObject([input])
    expect(contents((inputs[0] as { past: unknown }).past)).toEqual(['old', 're:old'])
    expect(await added()).toEqual(['human hi', 'ai hello'])
  })

  test.each<[string, unknown, Options, RegExp]>([
    ['a number', 7, {}, /the input must be a string, a message, or an array/],
    ['nothing', undefined, {}, /the input must be/],
    ['an object without the key', { question: 'hi', language: 'de' }, {}, /'input' of the input must be/],
    ['an object without the named key', { question: 'hi' }, { inputMessagesKey: 'ask' }, /'ask' of the input must be/],
    ['a string, where a key is named', 'hi', { inputMessagesKey: 'ask' }, /with inputMessagesKey the input must be an object/],
    ['a string, where history needs a key', 'hi', { historyMessagesKey: 'past' }, /with historyMessagesKey the input must be/],
    ['a list of other things', [{ secret: 'word' }], {}, /the input holds something that is not a message/],
    ['a stored message', [{ type: 'human', data: { content: 'the secret word' } }], {}, /a stored message; fromStoredMessage/],
    ['a message that is no history', [new RemoveMessage({ id: 'm1' })], {}, /RemoveMessage/],
  ])('%s: a TypeError, and nothing is read, run or stored', async (_, input, options, text) => {
    const { chain, inputs, added } = await answering('hello', options)
    const error = await chain.invoke(input, config).catch(error => error)
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(text)
    expect(error.message).not.toContain('secret')
    expect(inputs).toEqual([])
    expect(await added()).toEqual([])
  })

  test('neither input nor config nor messages are changed', async () => {
    const { chain } = await answering('hello', { inputMessagesKey: 'messages' })
    const human = new HumanMessage('hi')
    const input = Object.freeze({ messages: Object.freeze([human]) })
    const before = JSON.stringify(human)
    const frozen = Object.freeze({ configurable: Object.freeze({ sessionId }), tags: Object.freeze([]) as never })
    await chain.invoke(input, frozen)
    for await (const _ of await chain.stream(input, frozen));
    expect(JSON.stringify(human)).toBe(before)
  })
})

describe('results of tools that the caller ran', () => {
  const call = (id: string) => ({ id, name: 'look', args: {} })
  const asking = (...ids: string[]) => new AIMessage({ content: 'calls', tool_calls: ids.map(call) })
  const result = (tool_call_id: string) => new ToolMessage({ content: `found ${tool_call_id}`, tool_call_id })

  async function conversation(options: Options) {
    const store = createMemoryHistory()
    const inputs: unknown[] = []
    const answers = [asking('c1', 'c2'), 'other answer', 'final answer']
    const runnable = RunnableLambda.from((input: unknown) => {
      inputs.push(input)
      return answers.shift()
    })
    return { chain: withChatHistory(runnable, { store, ...options }), inputs, chat: store.session(sessionId) }
  }

  test('as input: behind their calls, whatever came between, and no error in their place', async () => {
    const { chain, inputs, chat } = await conversation({})
    await chain.invoke('one', config)
    await chain.invoke('two', config)
    await chain.invoke([result('c1'), result('c2')], config)
    expect(contents(inputs[2])).toEqual(['one', 'calls', 'found c1', 'found c2', 'two', 'other answer'])
    expect(await linesOf(chat)).toEqual([
      'human one',
      'ai calls',
      'human two',
      'ai other answer',
      'tool found c1',
      'tool found c2',
      'ai final answer',
    ])
  })

  test('beside the history: no error in their place there', async () => {
    const { chain, inputs } = await conversation({ inputMessagesKey: 'messages', historyMessagesKey: 'past' })
    await chain.invoke({ messages: 'one' }, config)
    await chain.invoke({ messages: [result('c1'), result('c2')] }, config)
    const { past, messages } = inputs[1] as { past: unknown; messages: unknown }
    expect(contents(past)).toEqual(['one', 'calls'])
    expect(contents(messages)).toEqual(['found c1', 'found c2'])
  })

  test('of a call that the history does not hold: handed on', async () => {
    const { chain, inputs } = await conversation({})
    await chain.invoke([result('c9')], config)
    expect(contents(inputs[0])).toEqual(['found c9'])
  })
})

describe('output', () => {
  const message = new AIMessage({ content: 'hello', response_metadata: { model: 'm' } })

  test.each<[string, unknown, Options]>([
    ['a string', 'hello', {}],
    ['a message', message, {}],
    ['an array of messages', [message], {}],
    ['an object with one key', { anything: 'hello' }, {}],
    ['an object with a key output', { output: message, sources: [] }, {}],
    ['an object with outputMessagesKey', { answer: [message], sources: [] }, { outputMessagesKey: 'answer' }],
  ])('%s is stored, and handed on as it is', async (_, output, options) => {
    const { chain, added } = await answering(output, options)
    expect(await chain.invoke('hi', config)).toEqual(output)
    expect(await added()).toEqual(['human hi', 'ai hello'])
  })

  test.each<[string, unknown, Options, RegExp]>([
    ['a number', 7, {}, /the output must be/],
    ['an object without the key', { answer: 'hello', sources: [] }, {}, /the output must be/],
    ['an object without the named key', { answer: 'hello' }, { outputMessagesKey: 'reply' }, /'reply' of it, must be/],
    ['a list of other things', ['hello'], {}, /an array of messages/],
  ])('%s: a TypeError that says that the input is stored', async (_, output, options, text) => {
    const { chain, added } = await answering(output, options)
    const error = await chain.invoke('hi', config).catch(error => error)
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(text)
    expect(error.message).toMatch(/the input is stored, the output is not/)
    expect(await added()).toEqual(['human hi'])
  })

  test('of a list, what changes the state only is no history', async () => {
    const summary = new HumanMessage({ content: 'In short: …', additional_kwargs: { lc_source: 'summarization' } })
    const { chain, added } = await answering([new RemoveMessage({ id: 'm1' }), summary, message])
    await chain.invoke('hi', config)
    expect(await added()).toEqual(['human hi', 'ai hello'])
  })

  test('of a runnable that is given both and returns both, what is new is stored', async () => {
    const store = createMemoryHistory()
    const keys = { inputMessagesKey: 'messages', historyMessagesKey: 'past', outputMessagesKey: 'messages' }
    const runnable = RunnableLambda.from(({ past, messages }: Record<'past' | 'messages', BaseMessage[]>) => ({
      messages: [...past, ...messages, new AIMessage('hello')],
    }))
    const chain = withChatHistory(runnable as unknown as Runnable<object>, { store, ...keys })
    for (const content of ['one', 'two']) await chain.invoke({ messages: [{ role: 'user', content }] }, config)
    expect(await linesOf(store.session(sessionId))).toEqual(['human one', 'ai hello', 'human two', 'ai hello'])
  })

  test('of a list, a reply is stored though another one with its id is there', async () => {
    const store = createMemoryHistory()
    const runnable = RunnableLambda.from((messages: BaseMessage[]) => [
      ...messages.map(copyOfReply),
      new AIMessage({ id: 'o7', content: 'Let me see.' }),
      new AIMessage({ id: 'o7', content: `re:${messages.at(-1)?.content}` }),
    ])
    const chain = withChatHistory(runnable as unknown as Runnable<string>, { store })
    await chain.invoke('one', config)
    await chain.invoke('two', config)
    // What says the same under the same id may be a copy of what was given.
    const lines = ['human one', 'ai Let me see.', 'ai re:one', 'human two', 'ai re:two']
    expect(await linesOf(store.session(sessionId))).toEqual(lines)
  })

  test('a reply is stored though one with its id is there: some models give all their replies one id', async () => {
    const { chain, added } = await answering(new AIMessage({ id: 'chatcmpl-1', content: 'hello' }))
    await chain.invoke('hi', config)
    await chain.invoke('hi', config)
    expect(await added()).toEqual(['human hi', 'ai hello', 'human hi', 'ai hello'])
  })
})

describe('an input message that is stored already', () => {
  test('is not stored again, and shown once', async () => {
    const store = createMemoryHistory()
    let attempts = 0
    const model = new EchoModel({
      before() {
        attempts += 1
        if (attempts < 2) throw new Error('overloaded')
      },
    })
    const chain = withChatHistory(model, { store }).withRetry({ stopAfterAttempt: 2 })
    await chain.invoke([new HumanMessage({ id: 'm1', content: 'one' })], config)
    expect(await linesOf(store.session(sessionId))).toEqual(['human one', 'ai re:one'])
    expect(model.seen).toEqual([['one'], ['one']])
  })

  test('is shown without what had come of the first try', async () => {
    const store = createMemoryHistory()
    const model = new EchoModel({
      before(question, piece) {
        if (question === 'two' && piece === 1 && model.seen.length === 2) throw new Error('connection reset')
      },
    })
    const chain = withChatHistory(model, { store })
    const ask = async (id: string, content: string) => {
      for await (const _ of await chain.stream([new HumanMessage({ id, content })], config));
    }
    await ask('m1', 'one')
    await expect(ask('m2', 'two')).rejects.toThrow('connection reset')
    await ask('m2', 'two')
    const turn = ['one', 're:one+1+2', 'two']
    expect(model.seen).toEqual([['one'], turn, turn])
    const lines = ['human one', 'ai re:one+1+2', 'human two', 'ai re:two', 'ai re:two+1+2']
    expect(await linesOf(store.session(sessionId))).toEqual(lines)
  })

  test('is known though the window is smaller than what came since', async () => {
    const { chain, added } = await answering('hello', { window: { last: 1 } })
    const question = new HumanMessage({ id: 'm1', content: 'hi' })
    for (const input of [[question], 'other', [question]]) await chain.invoke(input, config)
    expect(await added()).toEqual(['human hi', 'ai hello', 'human other', 'ai hello', 'ai hello'])
  })

  test('without an id is a new one', async () => {
    const { chain, added } = await answering('hello')
    await chain.invoke('hi', config)
    await chain.invoke('hi', config)
    expect(await added()).toEqual(['human hi', 'ai hello', 'human hi', 'ai hello'])
  })
})

describe('the session', () => {
  test('is what the option says', async () => {
    const { chain, added } = await answering('hello', { session: async config => config.configurable?.thread_id })
    await chain.invoke('hi', { configurable: { thread_id: sessionId } })
    expect(await added()).toEqual(['human hi', 'ai hello'])
  })

  test('may be bound, and is found inside other runnables', async () => {
    const { chain, added } = await answering('hello')
    await chain.withConfig({ configurable: { sessionId } }).invoke('hi')
    const outer = RunnableLambda.from((question: string, options) => chain.invoke(question, options))
    await outer.invoke('again', config)
    expect(await added()).toEqual(['human hi', 'ai hello', 'human again', 'ai hello'])
  })

  test.each([{}, { configurable: {} }, { configurable: { sessionId: '' } }])(
    'missing in %j: a TypeError that says what to do',
    async config => {
      const { chain, inputs } = await answering('hello')
      for (const call of [chain.invoke('hi', config), chain.stream('hi', config)]) {
        await expect(call).rejects.toThrow(/configurable: { sessionId }.*the option session/)
        await expect(call).rejects.toBeInstanceOf(TypeError)
      }
      expect(inputs).toEqual([])
    },
  )

  test('that is no session id: a TypeError', async () => {
    const { chain } = await answering('hello')
    await expect(chain.invoke('hi', { configurable: { sessionId: 7 } })).rejects.toThrow('sessionId must be')
  })
})

describe('options', () => {
  const store = createMemoryHistory()
  const runnable = RunnableLambda.from(() => 'hello')

  test.each<[unknown, RegExp]>([
    [undefined, /options must be an object/],
    [{}, /store is missing/],
    [{ store: {} }, /store must be a HistoryStore/],
    [{ store, session: 's' }, /session must be a function/],
    [{ store, inputMessagesKey: '' }, /inputMessagesKey must be a string, not empty/],
    [{ store, window: { last: 0 } }, /window: last must be/],
    [{ store, window: { maxTokens: 5 } }, /maxTokens and count need each other/],
    [{ store, getMessageHistory: () => undefined }, /unknown option 'getMessageHistory'; give the option store/],
  ])('%j is refused', (options, text) => {
    expect(() => withChatHistory(runnable, options as never)).toThrow(text)
  })

  test('what is not a runnable is refused', () => {
    expect(() => withChatHistory((() => 'hello') as never, { store })).toThrow('the first argument must be a runnable')
  })
})

describe('as a runnable', () => {
  test('is one: it composes, and its runs and those inside are seen by callbacks', async () => {
    const { chain } = await answering('hello')
    expect(Runnable.isRunnable(chain)).toBe(true)
    const names = new Map<unknown, unknown>()
    const places: string[] = []
    const callbacks = [
      {
        handleChainStart(...[, , runId, parentId, , , , name]: unknown[]) {
          names.set(runId, name)
          places.push(`${name} in ${names.get(parentId)}`)
        },
        handleChainEnd: () => void places.push('end'),
      },
    ]
    const loud = chain.pipe((text: unknown) => `${text}!`)
    expect(await loud.invoke('hi', { ...config, callbacks, runName: 'outer' })).toBe('hello!')
    const own = 'RunnableWithChatHistory'
    expect(places).toEqual([
      'outer in undefined',
      `${own} in outer`,
      `RunnableLambda in ${own}`,
      'end',
      'end',
      'RunnableLambda in outer',
      'end',
      'end',
    ])
  })

  test('a write that fails is the error of its run', async () => {
    const store = createFailingStore({ refusesAppend: () => true })
    const errors: unknown[] = []
    const callbacks = [{ handleChainError: (error: unknown) => void errors.push(error) }]
    const model = new EchoModel()
    await expect(withChatHistory(model, { store }).invoke('hi', { ...config, callbacks })).rejects.toSatisfy(isHistoryError)
    expect(errors).toMatchObject([{ code: 'ACCESS_DENIED' }])
    expect(model.seen).toEqual([])
  })

  test('a read that fails: the model is not asked', async () => {
    const store = createFailingStore({ refusesReads: true })
    const model = new EchoModel()
    await expect(withChatHistory(model, { store }).invoke('hi', config)).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    expect(model.seen).toEqual([])
  })

  test('streamEvents and streamLog show the model inside', async () => {
    const store = createMemoryHistory()
    const chain = withChatHistory(new EchoModel(), { store })
    const events: string[] = []
    for await (const { event, name } of chain.streamEvents('hi', { ...config, version: 'v2' })) events.push(`${event} ${name}`)
    const own = 'RunnableWithChatHistory'
    expect(events[0]).toBe(`on_chain_start ${own}`)
    expect(events.at(-1)).toBe(`on_chain_end ${own}`)
    expect(events.filter(event => event === 'on_chat_model_stream EchoModel')).toHaveLength(3)
    expect(events.filter(event => event === `on_chain_stream ${own}`)).toHaveLength(3)
    let patches = 0
    for await (const _ of chain.streamLog('hi', config)) patches += 1
    expect(patches).toBeGreaterThan(3)
    const turn = ['human hi', 'ai re:hi+1+2']
    expect(await linesOf(store.session(sessionId))).toEqual([...turn, ...turn])
  })

  test('hands other options of a call on', async () => {
    const store = createMemoryHistory()
    const seen: unknown[] = []
    class Looking extends EchoModel {
      override async _generate(...[messages, options]: Parameters<EchoModel['_generate']>) {
        seen.push(options.stop)
        return super._generate(messages, options)
      }
    }
    await withChatHistory(new Looking(), { store }).invoke('hi', { ...config, stop: ['.'] })
    expect(seen).toEqual([['.']])
  })

  test('a batch says which inputs failed', async () => {
    const store = createMemoryHistory()
    const model = new EchoModel({
      before(question) {
        if (question === 'two') throw new Error('overloaded')
      },
    })
    const results = await withChatHistory(model, { store }).batch(['one', 'two'], config, { returnExceptions: true })
    expect(results).toMatchObject([{ content: 're:one' }, { message: 'overloaded' }])
    expect((await linesOf(store.session(sessionId))).sort()).toEqual(['ai re:one', 'human one', 'human two'])
  })

  test('a prompt with a placeholder and a fallback inside', async () => {
    const store = createMemoryHistory()
    const failing = new EchoModel({
      before() {
        throw new Error('overloaded')
      },
    })
    const prompt = ChatPromptTemplate.fromMessages([new MessagesPlaceholder('past'), ['human', '{question}']])
    const chain = prompt.pipe(failing.withFallbacks([new EchoModel()]))
    const keys = { inputMessagesKey: 'question', historyMessagesKey: 'past' }
    await withChatHistory(chain, { store, ...keys }).invoke({ question: 'hi' }, config)
    expect(await linesOf(store.session(sessionId))).toEqual(['human hi', 'ai re:hi'])
  })
})
