import { createMemoryHistory, type HistoryStore } from '@hist/core'
import { type ChatHistoryMiddlewareOptions, chatHistoryMiddleware } from '@hist/langchain'
import { Command, MemorySaver } from '@langchain/langgraph'
import { createAgent } from 'langchain'
import { describe, expect, test } from 'vitest'
import { peopleDecideOn, summariseAt } from './langchain-middleware.js'
import { lookTool } from './look-tool.js'
import { ask, linesOf } from './middleware-suite.js'
import { look, ScriptedModel } from './scripted-model.js'

const config = { configurable: { thread_id: 's' } }
const modes = ['load-and-record', 'record'] as const

function open() {
  const store = createMemoryHistory()
  return { store, chat: store.session('s'), checkpointer: new MemorySaver() }
}

describe.each(modes)('beside a checkpointer, mode %s', mode => {
  test('every message is stored once, and shown once', async () => {
    const { store, chat, checkpointer } = open()
    const model = new ScriptedModel(['r1', [look('a')], 'r2', 'r3'])
    const log = ['human: one', 'ai: r1', 'human: two', 'ai: look(a)', 'tool: found a', 'ai: r2', 'human: three']
    for (const question of ['one', 'two', 'three']) {
      // As in another process: the middleware remembers nothing.
      const middleware = [chatHistoryMiddleware({ store, mode })]
      await createAgent({ model, tools: [lookTool()], checkpointer, middleware }).invoke(ask(question), config)
    }
    expect(model.lastShown).toEqual(log)
    expect(await linesOf(chat)).toEqual([...log, 'ai: r3'])
  })

  test('where the conversation was never stored, it is, from its beginning', async () => {
    const { store, chat, checkpointer } = open()
    const model = new ScriptedModel(['r1', 'r2'])
    await createAgent({ model, checkpointer }).invoke(ask('one'), config)
    await createAgent({ model, checkpointer, middleware: [chatHistoryMiddleware({ store, mode })] }).invoke(ask('two'), config)
    expect(model.lastShown).toEqual(['human: one', 'ai: r1', 'human: two'])
    expect(await linesOf(chat)).toEqual(['human: one', 'ai: r1', 'human: two', 'ai: r2'])
  })

  test('what is far back in a session that others write to is found', async () => {
    const { store, chat, checkpointer } = open()
    const model = new ScriptedModel(['r1', 'r2'])
    const agentOf = () =>
      createAgent({ model, checkpointer, middleware: [chatHistoryMiddleware({ store, mode, window: { last: 2 } })] })
    await agentOf().invoke(ask('one'), config)
    for (let number = 0; number < 120; number++) await chat.append([{ type: 'human', data: { content: `other ${number}` } }])
    await agentOf().invoke(ask('two'), config)
    expect((await linesOf(chat)).filter(line => !line.includes('other'))).toEqual([
      'human: one',
      'ai: r1',
      'human: two',
      'ai: r2',
    ])
  })

  test('a summary is not stored, nor is what it stands for stored again', async () => {
    const { store, chat, checkpointer } = open()
    const summaries = new ScriptedModel(() => 'they counted')
    const summarization = summariseAt(4, summaries)
    const model = new ScriptedModel(['r1', 'r2', 'r3', 'r4'])
    for (const question of ['one', 'two', 'three', 'four']) {
      const middleware = [chatHistoryMiddleware({ store, mode }), summarization]
      await createAgent({ model, checkpointer, middleware }).invoke(ask(question), config)
    }
    expect(summaries.shown.length).toBeGreaterThan(0)
    expect(model.lastShown[0]).toMatch(/they counted/)
    expect(await linesOf(chat)).toEqual([
      ...['human: one', 'ai: r1', 'human: two', 'ai: r2'],
      ...['human: three', 'ai: r3', 'human: four', 'ai: r4'],
    ])
  })

  describe.each(['first', 'last'])('a person decides on calls, the middleware is the %s', place => {
    const agentOf = (
      store: HistoryStore,
      model: ScriptedModel,
      checkpointer: MemorySaver,
      options?: Partial<ChatHistoryMiddlewareOptions>,
    ) => {
      const history = chatHistoryMiddleware({ store, mode, ...options })
      const people = peopleDecideOn('look')
      const middleware = place === 'first' ? [history, people] : [people, history]
      return createAgent({ model, tools: [lookTool()], checkpointer, middleware })
    }
    const decide = (...decisions: object[]) => new Command({ resume: { decisions } })

    test.each(['the same process', 'another process'])('approved in %s', async process => {
      const { store, chat, checkpointer } = open()
      const model = new ScriptedModel(['r0', [look('a')], 'r1', 'r2'])
      const before = agentOf(store, model, checkpointer)
      await before.invoke(ask('zero'), config)
      await before.invoke(ask('one'), config)
      const after = process === 'another process' ? agentOf(store, model, checkpointer) : before
      await after.invoke(decide({ type: 'approve' }), config)
      const log = ['human: zero', 'ai: r0', 'human: one', 'ai: look(a)', 'tool: found a', 'ai: r1']
      expect(await linesOf(chat)).toEqual(log)
      await after.invoke(ask('two'), config)
      expect(model.lastShown).toEqual([...log, 'human: two'])
      expect(await linesOf(chat)).toEqual([...log, 'human: two', 'ai: r2'])
    })

    test('rejected', async () => {
      const { store, chat, checkpointer } = open()
      const model = new ScriptedModel([[look('a')], 'r1'])
      await agentOf(store, model, checkpointer).invoke(ask('one'), config)
      await agentOf(store, model, checkpointer).invoke(decide({ type: 'reject', message: 'not now' }), config)
      expect(await linesOf(chat)).toEqual(['human: one', 'ai: look(a)', 'tool! not now', 'ai: r1'])
    })

    test('another run on the session meanwhile is shown an error for the call; the result then takes its place', async () => {
      const { store, chat, checkpointer } = open()
      const model = new ScriptedModel([[look('a')], 'r1'])
      const people = agentOf(store, model, checkpointer)
      await people.invoke(ask('one'), config)
      const beside = async (question: string) => {
        const model = new ScriptedModel(['beside'])
        await createAgent({ model, middleware: [chatHistoryMiddleware({ store })] }).invoke(ask(question), config)
        return model.lastShown
      }
      const called = place === 'first' ? [] : ['ai: look(a)', expect.stringMatching(/^tool! Error: no result/)]
      expect(await beside('two')).toEqual(['human: one', ...called, 'human: two'])
      await people.invoke(decide({ type: 'approve' }), config)
      expect((await linesOf(chat)).filter(line => line.includes('a)') || line.includes('tool'))).toEqual([
        'ai: look(a)',
        'tool: found a',
      ])
      const shown = await beside('three')
      expect(shown[shown.indexOf('ai: look(a)') + 1]).toBe('tool: found a')
    })
  })
})

test('a person’s change of a call is what is stored, if the middleware is the first', async () => {
  const { store, chat, checkpointer } = open()
  const model = new ScriptedModel([[look('a')], 'r1'])
  const middleware = [chatHistoryMiddleware({ store }), peopleDecideOn('look')]
  const agent = createAgent({ model, tools: [lookTool()], checkpointer, middleware })
  await agent.invoke(ask('one'), config)
  const edited = { type: 'edit', editedAction: { name: 'look', args: { subject: 'b' } } }
  await agent.invoke(new Command({ resume: { decisions: [edited] } }), config)
  expect(await linesOf(chat)).toEqual(['human: one', 'ai: look(b)', 'tool: found b', 'ai: r1'])
})

test('the window counts, not what the checkpointer has', async () => {
  const { store, chat, checkpointer } = open()
  const model = new ScriptedModel(['r1', 'r2', 'r3'])
  for (const [question, last] of Object.entries({ one: 2, two: 2, three: 1 })) {
    const middleware = [chatHistoryMiddleware({ store, window: { last } })]
    await createAgent({ model, checkpointer, middleware }).invoke(ask(question), config)
  }
  expect(model.shown.map(messages => messages.length)).toEqual([1, 3, 1])
  expect(model.lastShown).toEqual(['human: three'])
  expect(await linesOf(chat)).toEqual(['human: one', 'ai: r1', 'human: two', 'ai: r2', 'human: three', 'ai: r3'])
})

test('mode record shows the model nothing of the store', async () => {
  const { store, chat } = open()
  await chat.append([{ type: 'human', data: { content: 'zero' } }])
  const model = new ScriptedModel(['r1', 'r2'])
  const agent = createAgent({ model, middleware: [chatHistoryMiddleware({ store, mode: 'record' })] })
  for (const question of ['one', 'two']) await agent.invoke(ask(question), config)
  expect(model.lastShown).toEqual(['human: two'])
  expect(await linesOf(chat)).toEqual(['human: zero', 'human: one', 'ai: r1', 'human: two', 'ai: r2'])
})
