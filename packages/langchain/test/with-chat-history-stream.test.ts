import { createMemoryHistory } from '@hist/core'
import { AIMessage, AIMessageChunk } from '@langchain/core/messages'
import { StringOutputParser } from '@langchain/core/output_parsers'
import { type Runnable, RunnableLambda } from '@langchain/core/runnables'
import { describe, expect, test, vi } from 'vitest'
import { withoutOpenCalls } from '../src/open-calls.js'
import { withChatHistory } from '../src/with-chat-history.js'
import { EchoModel } from './echo-model.js'
import { createFailingStore, refusesReplies } from './failing-store.js'
import { linesOf } from './with-chat-history-suite.js'

const sessionId = 's'
const configurable = { sessionId }
const config = { configurable }

function onMemory() {
  const store = createMemoryHistory()
  return { store, chat: store.session(sessionId) }
}

/** Answers one piece and then nothing until it is aborted. */
const silent = () =>
  new EchoModel({
    before: (_, piece, signal) =>
      piece > 0 &&
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
      }),
  })

/** A model whose second piece fails. */
const breaking = () =>
  new EchoModel({
    before(_, piece) {
      if (piece > 0) throw new Error('connection reset')
    },
  })

async function collect<T>(stream: AsyncIterable<T>, into: T[] = []): Promise<T[]> {
  for await (const chunk of stream) into.push(chunk)
  return into
}

describe('a stream that ends', () => {
  test('is one message with the id and the calls of its chunks, marked as a chunk', async () => {
    const { store, chat } = onMemory()
    const call = (args: string, id?: string) =>
      new AIMessageChunk({
        content: '',
        ...(id && { id: 'run-1' }),
        tool_call_chunks: [{ index: 0, args, type: 'tool_call_chunk', ...(id && { id, name: 'look' }) }],
      })
    const model = new EchoModel({ chunks: [call('{"ci', 'c1'), call('ty":"Zürich"}')] })
    await collect(await withChatHistory(model, { store }).stream('where?', config))
    const [, reply] = await chat.messages()
    expect(reply).toMatchObject({
      type: 'ai',
      data: { tool_calls: [{ name: 'look', args: { city: 'Zürich' }, id: 'c1' }] },
      hist: { c: 1 },
    })
  })

  test('is stored before the reader learns of the end, not before all is read', async () => {
    const { store, chat } = onMemory()
    const stream = await withChatHistory(new EchoModel({ pieces: 5 }), { store }).stream('one', config)
    await stream.next()
    expect(await linesOf(chat)).toEqual(['human one'])
    await collect(stream)
    expect(await linesOf(chat)).toEqual(['human one', 'ai re:one+1+2+3+4'])
  })

  test('fails when it cannot be stored, after all chunks', async () => {
    const store = createFailingStore({ refusesAppend: refusesReplies })
    const chunks: AIMessageChunk[] = []
    const stream = await withChatHistory(new EchoModel(), { store }).stream('one', config)
    await expect(collect(stream, chunks)).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    expect(chunks).toHaveLength(3)
  })

  test('of objects whose keys come one by one', async () => {
    const { store, chat } = onMemory()
    const runnable = RunnableLambda.from(async function* () {
      yield { context: ['a document'] }
      yield { answer: 'It ' }
      yield { answer: 'is.' }
    }) as Runnable<string, { answer?: string }>
    await collect(await withChatHistory(runnable, { store, outputMessagesKey: 'answer' }).stream('one', config))
    expect(await linesOf(chat)).toEqual(['human one', 'ai It is.'])
  })

  test('of objects with members that cannot be put together: the reader gets all of it, and it is stored', async () => {
    const { store, chat } = onMemory()
    const runnable = RunnableLambda.from(async function* () {
      yield { answer: 'It ', done: false, cost: null }
      yield { answer: 'is.', done: true, cost: 7 }
    }) as Runnable<string, object>
    const chunks = await collect(await withChatHistory(runnable, { store, outputMessagesKey: 'answer' }).stream('one', config))
    expect(chunks).toHaveLength(2)
    expect(await linesOf(chat)).toEqual(['human one', 'ai It is.'])
  })

  test('of whole messages: each is stored', async () => {
    const { store, chat } = onMemory()
    const runnable = RunnableLambda.from(async function* () {
      yield new AIMessage('It')
      yield new AIMessage('is.')
      yield new AIMessage('So.')
    }) as unknown as Runnable<string, AIMessage>
    expect(await collect(await withChatHistory(runnable, { store }).stream('one', config))).toHaveLength(3)
    expect(await linesOf(chat)).toEqual(['human one', 'ai It', 'ai is.', 'ai So.'])
  })

  test('without a chunk, stores the input', async () => {
    const { store, chat } = onMemory()
    const runnable = RunnableLambda.from<string, string>(async function* () {} as never)
    const wrapped = withChatHistory(runnable, { store })
    expect((await collect(await wrapped.stream('one', config))).filter(chunk => chunk !== undefined)).toEqual([])
    expect(await linesOf(chat)).toEqual(['human one'])
  })

  test('asks the model for no more than the reader takes', async () => {
    const { store } = onMemory()
    let asked = 0
    const model = new EchoModel({ pieces: 1_000, before: () => asked++ })
    const stream = await withChatHistory(model, { store }).stream('one', config)
    await stream.next()
    await new Promise(resolve => setImmediate(resolve))
    // Each stream on the way holds one chunk.
    expect(asked).toBeLessThan(10)
    await stream.return()
  })
})

describe('a stream that is left early', () => {
  const leave = {
    break: async (stream: AsyncIterable<unknown>) => {
      for await (const _ of stream) break
    },
    return: async (stream: AsyncGenerator<unknown>) => {
      await stream.next()
      await stream.return(undefined)
    },
    cancel: async (stream: ReadableStream<unknown>) => {
      const reader = stream.getReader()
      await reader.read()
      await reader.cancel()
    },
  }

  test.each(Object.entries(leave))('by %s: what had come is stored when leaving is over', async (_, leaving) => {
    const { store, chat } = onMemory()
    await leaving((await withChatHistory(new EchoModel({ pieces: 100 }), { store }).stream('one', config)) as never)
    const [question, reply, ...more] = await linesOf(chat)
    expect([question, more]).toEqual(['human one', []])
    expect(reply).toMatch(/^ai re:one(\+1)?(\+2)?$/)
  })

  test.each(Object.entries(leave))('by %s: it fails when that cannot be stored', async (_, leaving) => {
    const store = createFailingStore({ refusesAppend: refusesReplies })
    const stream = await withChatHistory(new EchoModel({ pieces: 100 }), { store }).stream('one', config)
    await expect(leaving(stream as never)).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  })

  test('inside a pipe too', async () => {
    const { store, chat } = onMemory()
    const chain = withChatHistory(new EchoModel({ pieces: 100 }), { store }).pipe(new StringOutputParser())
    for await (const _ of await chain.stream('one', config)) break
    expect((await linesOf(chat))[1]).toMatch(/^ai re:one/)
  })

  test('stores no more than the input while no message has come', async () => {
    const { store, chat } = onMemory()
    const runnable = RunnableLambda.from(async function* () {
      yield { question: 'one' }
      yield { answer: 'late' }
    }) as Runnable<string, object>
    for await (const _ of await withChatHistory(runnable, { store, outputMessagesKey: 'answer' }).stream('one', config)) break
    for await (const _ of await withChatHistory(runnable, { store }).stream('two', config)) break
    const empty = new EchoModel({ chunks: ['', 'a', 'b', 'c'].map(content => new AIMessageChunk(content)) })
    const stream = await withChatHistory(empty, { store }).stream('three', config)
    await stream.cancel()
    const lines = await linesOf(chat)
    expect(lines.slice(0, 3)).toEqual(['human one', 'human two', 'human three'])
    expect(lines).not.toContain('ai ')
  })
})

describe('a call of which not all had come', () => {
  const chunk = (args: string, start: object = {}) =>
    new AIMessageChunk({ content: '', tool_call_chunks: [{ index: 0, args, type: 'tool_call_chunk', ...start }] })
  const first = (args: string) => chunk(args, { id: 'c1', name: 'pay' })

  test.each([
    ['an open text', [first('{"to": "A'), chunk('da"}')], '{"to": "A'],
    ['an open number', [first('{"to": "Ada", "amount": 1'), chunk('000}')], '{"to": "Ada", "amount": 1'],
    ['nothing yet', [first(''), chunk('{}')], ''],
  ])('is none that the model made: %s', async (_, chunks, args) => {
    const { store, chat } = onMemory()
    const model = new EchoModel({
      chunks,
      before(_, piece) {
        if (piece > 0) throw new Error('connection reset')
      },
    })
    const chain = withChatHistory(model, { store })
    await expect(collect(await chain.stream('one', config))).rejects.toThrow('connection reset')
    const [, reply] = await chat.messages()
    expect(reply?.data).toMatchObject({ tool_calls: [], invalid_tool_calls: [{ id: 'c1', name: 'pay', args }] })
    await withChatHistory(new EchoModel(), { store }).invoke('two', config)
    expect(await chat.messages()).toHaveLength(4)
  })

  test('nor is one without an id; what has none either stays', () => {
    const content = [{ type: 'reasoning', reasoning: 'Hm.' }]
    const reply = new AIMessageChunk({
      content,
      tool_call_chunks: [{ index: 0, name: 'pay', args: '{"to', type: 'tool_call_chunk' }],
    })
    const whole = withoutOpenCalls(reply) as AIMessage
    expect([whole.content, whole.tool_calls]).toEqual([content, []])
    expect(whole.invalid_tool_calls).toMatchObject([{ name: 'pay', args: '{"to' }])
  })

  test('nor is what its provider makes of it; whole ones and texts stay', () => {
    const reply = new AIMessageChunk({
      id: 'run-1',
      content: [
        { type: 'text', text: 'Both.' },
        { type: 'tool_use', id: 'c1', name: 'look', input: '{}' },
        { type: 'tool_use', id: 'c2', name: 'pay', input: '{"to": "A' },
      ],
      additional_kwargs: {
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } },
          { id: 'c2', type: 'function', function: { name: 'pay', arguments: '{"to": "A' } },
        ],
      },
      tool_call_chunks: [
        { index: 0, id: 'c1', name: 'look', args: '{}', type: 'tool_call_chunk' },
        { index: 1, id: 'c2', name: 'pay', args: '{"to": "A', type: 'tool_call_chunk' },
      ],
      response_metadata: { model: 'm' },
    })
    const whole = withoutOpenCalls(reply) as AIMessage
    expect([whole.id, whole.response_metadata]).toEqual(['run-1', { model: 'm' }])
    expect(JSON.stringify([whole.content, whole.tool_calls, whole.additional_kwargs])).not.toContain('c2')
    expect(whole.content).toHaveLength(2)
    expect(whole.tool_calls).toMatchObject([{ id: 'c1', name: 'look', args: {} }])
    expect(whole.additional_kwargs.tool_calls).toHaveLength(1)
    expect(whole.invalid_tool_calls).toMatchObject([{ id: 'c2', name: 'pay', args: '{"to": "A' }])
  })
})

describe('a stream that fails', () => {
  test('keeps what it had given out, and rejects', async () => {
    const { store, chat } = onMemory()
    const stream = await withChatHistory(breaking(), { store }).stream('one', config)
    await expect(collect(stream)).rejects.toThrow('connection reset')
    expect(await linesOf(chat)).toEqual(['human one', 'ai re:one'])
  })

  test('rejects with both errors if that cannot be stored', async () => {
    const store = createFailingStore({ refusesAppend: refusesReplies })
    const stream = await withChatHistory(breaking(), { store }).stream('one', config)
    const error = await collect(stream).catch(error => error)
    expect(error).toBeInstanceOf(AggregateError)
    expect(error.errors).toMatchObject([{ message: 'connection reset' }, { code: 'ACCESS_DENIED' }])
  })
})

describe('an abort', () => {
  test('during a call: the input stays, nothing of the output is stored', async () => {
    const { store, chat } = onMemory()
    const controller = new AbortController()
    let finish = () => {}
    const answered = new Promise<void>(resolve => {
      finish = resolve
    })
    class Deaf extends EchoModel {
      override async invoke(): Promise<AIMessageChunk> {
        controller.abort()
        await answered
        return new AIMessageChunk('too late')
      }
    }
    const call = withChatHistory(new Deaf(), { store }).invoke('one', { configurable, signal: controller.signal })
    await expect(call).rejects.toThrow(/abort/i)
    finish()
    await new Promise(resolve => setImmediate(resolve))
    expect(await linesOf(chat)).toEqual(['human one'])
  })

  test('before a call: nothing is stored, the model is not asked', async () => {
    const { store, chat } = onMemory()
    const model = new EchoModel()
    const aborted = { configurable, signal: AbortSignal.abort() }
    await expect(withChatHistory(model, { store }).invoke('one', aborted)).rejects.toThrow(/abort/i)
    await expect(withChatHistory(model, { store }).stream('one', aborted)).rejects.toThrow(/abort/i)
    expect(model.seen).toEqual([])
    expect(await linesOf(chat)).toEqual([])
  })

  test('of a stream that waits for the model: what had come is stored before the reader hears of it', async () => {
    let release = () => {}
    const released = new Promise<void>(resolve => {
      release = resolve
    })
    const store = createFailingStore({ refusesAppend: batch => refusesReplies(batch) && released.then(() => false) })
    const controller = new AbortController()
    const stream = await withChatHistory(silent(), { store }).stream('one', { configurable, signal: controller.signal })
    await stream.next()
    let isOver = false
    const next = stream.next().finally(() => {
      isOver = true
    })
    const heard = expect(next).rejects.toThrow(/abort/i)
    controller.abort()
    await new Promise(resolve => setImmediate(resolve))
    expect(isOver).toBe(false)
    release()
    await heard
    expect(await linesOf(store.session(sessionId))).toEqual(['human one', 'ai re:one'])
  })

  test('of a runnable that is deaf to it: what it says afterwards is neither handed on nor stored', async () => {
    const { store, chat } = onMemory()
    const controller = new AbortController()
    class Deaf extends EchoModel {
      override async stream(): Promise<never> {
        async function* pieces() {
          yield new AIMessageChunk('heard')
          yield new AIMessageChunk(' or not')
        }
        return pieces() as never
      }
    }
    const chunks: unknown[] = []
    const chain = withChatHistory(new Deaf(), { store })
    const reading = (async () => {
      for await (const { content } of await chain.stream('one', { configurable, signal: controller.signal })) {
        chunks.push(content)
        if (chunks.length === 1) controller.abort()
      }
    })()
    await expect(reading).rejects.toThrow(/abort/i)
    expect(await linesOf(chat)).toEqual(['human one', `ai ${chunks.join('')}`])
  })

  test('of a stream that nobody reads any more', async () => {
    const { store, chat } = onMemory()
    const controller = new AbortController()
    const chain = withChatHistory(new EchoModel({ pieces: 100 }), { store })
    const stream = await chain.stream('one', { configurable, signal: controller.signal })
    await stream.next()
    controller.abort()
    await vi.waitFor(async () => expect((await linesOf(chat))[1]).toMatch(/^ai re:one/))
  })

  test('of a stream inside a pipe that nobody reads any more: a failed write is a warning', async () => {
    const store = createFailingStore({ refusesAppend: refusesReplies })
    const controller = new AbortController()
    const warnings: Error[] = []
    const listen = (warning: Error) => warnings.push(warning)
    process.on('warning', listen)
    const chain = withChatHistory(silent(), { store }).pipe(new StringOutputParser())
    const stream = await chain.stream('one', { configurable, signal: controller.signal })
    const next = stream.next().then(() => stream.next())
    await vi.waitFor(async () => expect(await linesOf(store.session(sessionId))).toHaveLength(1))
    await new Promise(resolve => setImmediate(resolve))
    controller.abort()
    await expect(next).rejects.toThrow()
    await vi.waitFor(() => expect(warnings.map(({ message }) => message).join()).toContain('not permitted'))
    process.off('warning', listen)
  })

  test('leaves no listener on the signal', async () => {
    const { store } = onMemory()
    const { signal } = new AbortController()
    const added = vi.spyOn(signal, 'addEventListener')
    const removed = vi.spyOn(signal, 'removeEventListener')
    const chain = withChatHistory(
      RunnableLambda.from(() => 'reply'),
      { store },
    )
    await collect(await chain.stream('one', { configurable, signal }))
    const listeners = added.mock.calls.map(([, listener]) => listener).filter(listener => String(listener).includes('storePart'))
    expect(listeners).toHaveLength(1)
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(expect.arrayContaining(listeners))
  })
})
