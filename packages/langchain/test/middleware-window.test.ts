import { createMemoryHistory } from '@hist/core'
import { toStoredMessage } from '@hist/core/langchain'
import { chatHistoryMiddleware } from '@hist/langchain'
import { AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { createAgent } from 'langchain'
import { describe, expect, test } from 'vitest'
import { range } from '../../core/test/numbers.js'
import { createCountingStore } from './counting-store.js'
import { lookTool } from './look-tool.js'
import { ask, linesOf } from './middleware-suite.js'
import { look, ScriptedModel } from './scripted-model.js'

function open() {
  const store = createMemoryHistory()
  return { store, chat: store.session('s'), config: { configurable: { thread_id: 's' } } }
}

describe('what is loaded', () => {
  test('once in a run, in front of the input; the state has it too', async () => {
    const { store, chat, config } = open()
    const model = new ScriptedModel(['r1', [look('a')], 'r2'])
    const agent = createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store })] })
    await agent.invoke(ask('one'), config)
    const { messages } = await agent.invoke(ask('two'), config)
    expect(model.lastShown).toEqual(['human: one', 'ai: r1', 'human: two', 'ai: look(a)', 'tool: found a'])
    expect(messages.map(({ id }) => id)).toEqual((await chat.messages()).map(({ data }) => data.id))
  })

  test('a window of it', async () => {
    const { store, config } = open()
    const model = new ScriptedModel(['r1', [look('a')], 'r2', 'r3', 'r4'])
    const agentWith = (window: object) =>
      createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store, window })] })
    for (const question of ['one', 'two']) await agentWith({}).invoke(ask(question), config)
    await agentWith({ last: 5 }).invoke(ask('three'), config)
    expect(model.lastShown).toEqual(['human: two', 'ai: look(a)', 'tool: found a', 'ai: r2', 'human: three'])
    await agentWith({ maxTokens: 2, count: (messages: unknown[]) => messages.length }).invoke(ask('four'), config)
    expect(model.lastShown).toEqual(['human: three', 'ai: r3', 'human: four'])
  })

  test('of messages that have no ids, each once', async () => {
    const { store, chat, config } = open()
    await chat.append([new HumanMessage('one'), new AIMessage('r1')].map(toStoredMessage))
    const model = new ScriptedModel(['r2', 'r3'])
    const agent = createAgent({ model, middleware: [chatHistoryMiddleware({ store })] })
    for (const question of ['two', 'three']) await agent.invoke(ask(question), config)
    expect(await linesOf(chat)).toEqual(['human: one', 'ai: r1', 'human: two', 'ai: r2', 'human: three', 'ai: r3'])
    expect(model.lastShown).toEqual(['human: one', 'ai: r1', 'human: two', 'ai: r2', 'human: three'])
  })

  test('a message that is asked again after a failure is there once, and the run goes on where it was', async () => {
    const { store, chat, config } = open()
    const model = new ScriptedModel([[look('a')], new Error('overloaded'), 'r1'])
    const agent = createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store })] })
    const input = { messages: [new HumanMessage('one')] }
    await expect(agent.invoke(input, config)).rejects.toThrow('overloaded')
    await agent.invoke(input, config)
    expect(model.lastShown).toEqual(['human: one', 'ai: look(a)', 'tool: found a'])
    expect(await linesOf(chat)).toEqual(['human: one', 'ai: look(a)', 'tool: found a', 'ai: r1'])
  })

  test('a message that is asked again after its answer is asked anew', async () => {
    const { store, chat, config } = open()
    const model = new ScriptedModel(['r1', 'r2', 'r2 again'])
    const agent = createAgent({ model, middleware: [chatHistoryMiddleware({ store })] })
    await agent.invoke(ask('one'), config)
    const input = { messages: [new HumanMessage('two')] }
    for (let time = 0; time < 2; time++) {
      await agent.invoke(input, config)
      expect(model.lastShown).toEqual(['human: one', 'ai: r1', 'human: two'])
    }
    expect(await linesOf(chat)).toEqual(['human: one', 'ai: r1', 'human: two', 'ai: r2', 'ai: r2 again'])
  })

  test.each([
    [{ maxTokens: 1, count: () => 2 }, []],
    [{ last: 2, wholeTurns: false }, ['ai: look(a)', 'tool: found a']],
  ])('an input that is stored already and is not within the window %j is shown all the same', async (window, older) => {
    const { store, chat, config } = open()
    const model = new ScriptedModel([[look('a')], new Error('overloaded'), 'r1'])
    const agent = createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store, window })] })
    const input = { messages: [new HumanMessage('one')] }
    await expect(agent.invoke(input, config)).rejects.toThrow('overloaded')
    await agent.invoke(input, config)
    expect(model.lastShown).toEqual([...older, 'human: one'])
    expect(await linesOf(chat)).toEqual(['human: one', 'ai: look(a)', 'tool: found a', 'ai: r1'])
  })

  test('a whole conversation that comes as input is stored once', async () => {
    const { store, chat, config } = open()
    const model = new ScriptedModel(['r1', 'r2', 'r3'])
    const agent = createAgent({ model, middleware: [chatHistoryMiddleware({ store, window: { last: 2 } })] })
    const conversation: (HumanMessage | AIMessage)[] = []
    for (const question of ['one', 'two', 'three']) {
      conversation.push(new HumanMessage(question))
      const { messages } = await agent.invoke({ messages: [...conversation] }, config)
      conversation.push(messages.at(-1) as AIMessage)
    }
    expect(await linesOf(chat)).toEqual(['human: one', 'ai: r1', 'human: two', 'ai: r2', 'human: three', 'ai: r3'])
    expect(model.lastShown).toEqual(['human: two', 'ai: r2', 'human: three'])
  })

  test('a result that comes as the input of the next run takes its place behind the call', async () => {
    const { store, chat, config } = open()
    await chat.append(
      [new HumanMessage('one'), new AIMessage({ content: '', tool_calls: [look('a', 'x'), look('b', 'y')] })].map(
        toStoredMessage,
      ),
    )
    const model = new ScriptedModel(['r1'])
    const agent = createAgent({ model, middleware: [chatHistoryMiddleware({ store })] })
    await agent.invoke({ messages: [new ToolMessage({ content: 'found a', tool_call_id: 'x' })] }, config)
    expect(model.lastShown).toEqual([
      'human: one',
      'ai: look(a) look(b)',
      'tool: found a',
      expect.stringMatching(/^tool! Error: no result/),
    ])
    expect(await linesOf(chat)).toEqual(['human: one', 'ai: look(a) look(b)', 'tool: found a', 'ai: r1'])
  })

  test('a result whose call is nowhere is for the provider to refuse', async () => {
    const { store, config } = open()
    const agent = createAgent({ model: new ScriptedModel(['r1', 'r2']), middleware: [chatHistoryMiddleware({ store })] })
    await agent.invoke(ask('one'), config)
    const run = agent.invoke({ messages: [new ToolMessage({ content: 'found a', tool_call_id: 'x' })] }, config)
    await expect(run).rejects.toThrow('400: a result without its call')
    await agent.invoke(ask('two'), config)
  })
})

describe('what is read', () => {
  const turn = (number: number) => [new HumanMessage(`q${number}`), new AIMessage(`a${number}`)].map(toStoredMessage)
  const longHistory = async () => {
    const { store, reads } = createCountingStore()
    for (const number of range(600)) await store.session('s').append(turn(number))
    return { store, reads, config: { configurable: { thread_id: 's' } } }
  }

  // One more entry tells whether there are older ones.
  test.each([
    [{ window: { last: 20 } }, [51]],
    [{ window: { last: 100 } }, [101]],
    [{ window: { maxTokens: 10, count: (messages: unknown[]) => messages.length } }, [51]],
    [{}, [500, 500, 200]],
    [{ mode: 'record' as const }, [51]],
  ])('with %j: once in a run', async (options, expected) => {
    const { store, reads, config } = await longHistory()
    const model = new ScriptedModel([[look('a')], [look('b')], 'r1'])
    const agent = createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store, ...options })] })
    await agent.invoke(ask('one'), config)
    expect(reads).toEqual(expected)
  })

  test('an input with a reply is looked for in all of the history', async () => {
    const { store, reads, config } = await longHistory()
    const agent = createAgent({
      model: new ScriptedModel(['r1']),
      middleware: [chatHistoryMiddleware({ store, mode: 'record' })],
    })
    await agent.invoke({ messages: [new HumanMessage('one'), new AIMessage('r0'), new HumanMessage('two')] }, config)
    expect(reads).toEqual([51, 500, 500, 150])
  })
})
