import { createMemoryHistory, type HistoryBackend, HistoryError, HistoryStore, MemoryBackend } from '@hist/core'
import { type ChatHistoryMiddlewareOptions, chatHistoryMiddleware, type FailureDetails } from '@hist/langchain'
import { HumanMessage } from '@langchain/core/messages'
import { createAgent } from 'langchain'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createFailingStore, refusesReplies } from './failing-store.js'
import { lookTool } from './look-tool.js'
import { ask, linesOf } from './middleware-suite.js'
import { lineOf, look, ScriptedModel } from './scripted-model.js'

const config = { configurable: { thread_id: 's' } }

/** A store in memory whose server answers no more while it is away, though it may have done what it was asked to. */
function createDistantStore({ carriesOut = false } = {}) {
  const memory = new MemoryBackend()
  const server = { isAway: false, isReadable: true }
  const unavailable = () => new HistoryError('no answer', { code: 'UNAVAILABLE' })
  const backend: HistoryBackend = {
    name: memory.name,
    supports: memory.supports,
    async append(session, batch) {
      if (!server.isAway || carriesOut) await memory.append(session, batch)
      if (server.isAway) throw unavailable()
    },
    async read(session, range) {
      if (!server.isReadable) throw unavailable()
      return memory.read(session, range)
    },
    clear: session => memory.clear(session),
    close: () => memory.close(),
  }
  return { server, store: new HistoryStore(backend, { timeoutMs: 250 }) }
}

interface Report {
  error: unknown
  session: string
  lines: string[]
}

function reporting(): { reports: Report[]; options: Pick<ChatHistoryMiddlewareOptions, 'onError' | 'report'> } {
  const reports: Report[] = []
  const report = (error: unknown, { session, messages }: FailureDetails) => {
    reports.push({ error, session, lines: messages.map(lineOf) })
  }
  return { reports, options: { onError: 'report', report } }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe("onError: 'throw'", () => {
  test('a write that is refused ends the run with its error, and the tools do not start', async () => {
    const store = createFailingStore({ refusesAppend: refusesReplies })
    const looked: string[] = []
    const model = new ScriptedModel([[look('a')]])
    const tools = [lookTool(subject => looked.push(subject))]
    const agent = createAgent({ model, tools, middleware: [chatHistoryMiddleware({ store })] })
    await expect(agent.invoke(ask('one'), config)).rejects.toMatchObject({
      name: 'HistoryError',
      code: 'ACCESS_DENIED',
      session: 's',
    })
    expect(looked).toEqual([])
    expect(await linesOf(store.session('s'))).toEqual(['human: one'])
  })

  test('so does a stream', async () => {
    const store = createFailingStore({ refusesAppend: refusesReplies })
    const agent = createAgent({ model: new ScriptedModel(['r1']), middleware: [chatHistoryMiddleware({ store })] })
    const read = async () => {
      for await (const _ of await agent.stream(ask('one'), { ...config, streamMode: 'messages' }));
    }
    await expect(read()).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  })

  test.each(['load-and-record', 'record'] as const)(
    'a read that is refused ends it before the model is called (%s)',
    async mode => {
      const store = createFailingStore({ refusesReads: true })
      const model = new ScriptedModel(['r1'])
      const agent = createAgent({ model, middleware: [chatHistoryMiddleware({ store, mode })] })
      await expect(agent.invoke(ask('one'), config)).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
      expect(model.shown).toEqual([])
    },
  )

  test('an abort ends a read', async () => {
    const { store, server } = createDistantStore()
    server.isReadable = false
    const agent = createAgent({ model: new ScriptedModel(['r1']), middleware: [chatHistoryMiddleware({ store })] })
    await expect(agent.invoke(ask('one'), { ...config, signal: AbortSignal.timeout(5) })).rejects.toThrow(/abort/i)
  })
})

describe("onError: 'report'", () => {
  test.each([
    ['and has not', false],
    ['but has', true],
  ])(
    'a write that the server did not answer, %s carried out, is made again with the next step, in order',
    async (_what, carriesOut) => {
      const { store, server } = createDistantStore({ carriesOut })
      const { reports, options } = reporting()
      const model = new ScriptedModel(messages => {
        server.isAway = messages.length === 1
        return server.isAway ? [look('a')] : 'r1'
      })
      const agent = createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store, ...options })] })
      await agent.invoke(ask('one'), config)
      const log = ['human: one', 'ai: look(a)', 'tool: found a', 'ai: r1']
      expect(await linesOf(store.session('s'))).toEqual(log)
      expect(reports.length).toBeGreaterThan(0)
      for (const { error, session, lines } of reports) {
        expect({ error, session, lines }).toMatchObject({
          error: { name: 'HistoryError', retryable: true },
          session: 's',
        })
      }
      expect(reports.map(({ lines }) => lines.join())).toEqual(['ai: look(a)', 'ai: look(a),tool: found a'])
    },
  )

  test('an outage to the end of the run: all that is not stored has been reported', async () => {
    const { store, server } = createDistantStore()
    const { reports, options } = reporting()
    const model = new ScriptedModel([[look('a')], [look('b')], 'done'])
    const tools = [
      lookTool(() => {
        server.isAway = true
      }),
    ]
    const agent = createAgent({ model, tools, middleware: [chatHistoryMiddleware({ store, ...options })] })
    await agent.invoke(ask('one'), config)
    expect(await linesOf(store.session('s'))).toEqual(['human: one', 'ai: look(a)'])
    expect(reports.at(-1)?.lines).toEqual(['tool: found a', 'ai: look(b)', 'tool: found b', 'ai: done'])
  })

  test('a message that is refused is reported once, and those after it are stored', async () => {
    const store = createFailingStore({ refusesAppend: refusesReplies })
    const { reports, options } = reporting()
    const model = new ScriptedModel([[look('a')], 'r1'])
    const agent = createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store, ...options })] })
    const { messages } = await agent.invoke(ask('one'), config)
    expect(messages.map(lineOf)).toEqual(['human: one', 'ai: look(a)', 'tool: found a', 'ai: r1'])
    expect(reports.map(({ lines }) => lines)).toEqual([['ai: look(a)'], ['ai: r1']])
    expect(await linesOf(store.session('s'))).toEqual(['human: one', 'tool: found a'])
  })

  test('a message that cannot be stored at all', async () => {
    const store = createMemoryHistory()
    const { reports, options } = reporting()
    const cycle: Record<string, unknown> = {}
    cycle.itself = cycle
    const agent = createAgent({ model: new ScriptedModel(['r1']), middleware: [chatHistoryMiddleware({ store, ...options })] })
    await agent.invoke({ messages: [new HumanMessage({ content: 'one', additional_kwargs: cycle })] }, config)
    expect(reports).toMatchObject([{ error: expect.any(TypeError), lines: ['human: one'] }])
    expect(await linesOf(store.session('s'))).toEqual(['ai: r1'])
  })

  test('while the history cannot be read, the run goes on without; when it can be, all of the run is stored', async () => {
    const { store, server } = createDistantStore()
    const { reports, options } = reporting()
    const model = new ScriptedModel(['r1', 'r2'])
    const agent = createAgent({
      model: new ScriptedModel(messages => {
        server.isReadable = true
        model.shown.push(messages)
        return `r${model.shown.length}`
      }),
      middleware: [chatHistoryMiddleware({ store, ...options })],
    })
    await agent.invoke(ask('one'), config)
    server.isReadable = false
    const summary = new HumanMessage({ content: 'they counted', additional_kwargs: { lc_source: 'summarization' } })
    await agent.invoke({ messages: [summary, new HumanMessage('two')] }, config)
    expect(model.lastShown).toEqual(['human: they counted', 'human: two'])
    expect(reports[0]).toMatchObject({ error: { name: 'HistoryError', retryable: true }, session: 's', lines: ['human: two'] })
    expect(await linesOf(store.session('s'))).toEqual(['human: one', 'ai: r1', 'human: two', 'ai: r2'])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('enough')
      },
    ],
    ['rejects with', () => Promise.reject(new Error('enough'))],
  ])('what report %s ends the run', async (_, report) => {
    const store = createFailingStore({ refusesAppend: refusesReplies })
    const middleware = [chatHistoryMiddleware({ store, onError: 'report', report })]
    const agent = createAgent({ model: new ScriptedModel(['r1']), middleware })
    await expect(agent.invoke(ask('one'), config)).rejects.toThrow('enough')
  })

  test('without report it is one of Node’s warnings, each time', async () => {
    const store = createFailingStore({ refusesAppend: refusesReplies })
    const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const middleware = [chatHistoryMiddleware({ store, onError: 'report' })]
    const agent = createAgent({ model: new ScriptedModel(['r1', 'r2']), middleware })
    for (const question of ['one', 'two']) await agent.invoke(ask(question), config)
    expect(emitted.mock.calls).toEqual(
      Array.from({ length: 2 }, () => ['chatHistoryMiddleware: not permitted', 'HistoryWarning']),
    )
  })

  test('a missing session is a mistake, not a failure', async () => {
    const { reports, options } = reporting()
    const middleware = [chatHistoryMiddleware({ store: createMemoryHistory(), ...options })]
    const agent = createAgent({ model: new ScriptedModel(['r1']), middleware })
    await expect(agent.invoke(ask('one'))).rejects.toThrow(TypeError)
    expect(reports).toEqual([])
  })
})

describe('options', () => {
  const store = createMemoryHistory()
  test.each([
    [undefined, /^chatHistoryMiddleware: options must be an object/],
    [{}, /^chatHistoryMiddleware: store is missing/],
    [{ store: {} }, /^chatHistoryMiddleware: store must be a HistoryStore/],
    [{ store, session: 's' }, /^chatHistoryMiddleware: session must be a function/],
    [{ store, mode: 'load' }, /^chatHistoryMiddleware: mode must be "load-and-record" or "record"/],
    [{ store, window: { last: 0 } }, /^chatHistoryMiddleware: window: last must be an integer/],
    [{ store, onError: 'ignore' }, /^chatHistoryMiddleware: onError must be "throw" or "report"/],
    [{ store, report: console.error }, /^chatHistoryMiddleware: report needs onError: 'report'/],
    [{ store, sessionId: 's' }, /^chatHistoryMiddleware: unknown option 'sessionId'; a call names its session in configurable/],
  ])('refuses %o', (options, message) => {
    expect(() => chatHistoryMiddleware(options as ChatHistoryMiddlewareOptions)).toThrow(message)
    expect(() => chatHistoryMiddleware(options as ChatHistoryMiddlewareOptions)).toThrow(TypeError)
  })
})
