import { createMemoryHistory } from '@hist/core'
import { toStoredMessage } from '@hist/core/langchain'
import { chatHistoryMiddleware } from '@hist/langchain'
import { AIMessage, HumanMessage } from '@langchain/core/messages'
import { MemorySaver } from '@langchain/langgraph'
import { createAgent, toolStrategy } from 'langchain'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { range } from '../../core/test/numbers.js'
import { lookTool } from './look-tool.js'
import { ask, linesOf } from './middleware-suite.js'
import { type Call, lineOf, look, ScriptedModel } from './scripted-model.js'

const config = { configurable: { thread_id: 's' } }

function open() {
  const store = createMemoryHistory()
  return { store, chat: store.session('s') }
}

/** A server that gives all of its replies one id. */
class SameIdModel extends ScriptedModel {
  readonly #id: string

  constructor(replies: (string | Call[])[], id: string) {
    super(replies)
    this.#id = id
  }

  override async _generate(...args: Parameters<ScriptedModel['_generate']>) {
    const result = await super._generate(...args)
    for (const { message } of result.generations) message.id = this.#id
    return result
  }
}

describe.each(['chatcmpl-7', ''])('replies that all have the id %j', id => {
  test.each(['load-and-record', 'record'] as const)('are stored and shown, each in its place (%s)', async mode => {
    const { store, chat } = open()
    const checkpointer = mode === 'record' && new MemorySaver()
    const model = new SameIdModel([[look('a')], 'r1', [look('b')], 'r2'], id)
    for (const question of ['one', 'two']) {
      const middleware = [chatHistoryMiddleware({ store, mode })]
      await createAgent({ model, tools: [lookTool()], checkpointer, middleware }).invoke(ask(question), config)
    }
    const log = ['human: one', 'ai: look(a)', 'tool: found a', 'ai: r1', 'human: two', 'ai: look(b)', 'tool: found b']
    expect(model.lastShown).toEqual(log)
    expect(await linesOf(chat)).toEqual([...log, 'ai: r2'])
  })

  test('with structured answers', async () => {
    const { store, chat } = open()
    const answer = (subject: string): Call[] => [{ name: 'answer', id: `call-${subject}`, args: { subject } }]
    const model = new SameIdModel([answer('one'), answer('two')], id)
    const responseFormat = toolStrategy(z.object({ subject: z.string() }).meta({ title: 'answer' }))
    const agent = createAgent({ model, responseFormat, middleware: [chatHistoryMiddleware({ store })] })
    await agent.invoke(ask('one'), config)
    const { messages } = await agent.invoke(ask('two'), config)
    expect(await linesOf(chat)).toEqual(messages.map(lineOf))
    expect(messages).toHaveLength(8)
  })
})

test('an id that a message beyond the window has', async () => {
  const { store, chat } = open()
  for (const number of range(20)) {
    await chat.append([new HumanMessage(`q${number}`), new AIMessage({ id: `a${number}`, content: 'old' })].map(toStoredMessage))
  }
  const middleware = [chatHistoryMiddleware({ store, window: { last: 4 } })]
  await createAgent({ model: new SameIdModel(['r1'], 'a3'), middleware }).invoke(ask('one'), config)
  expect((await linesOf(chat)).slice(-2)).toEqual(['human: one', 'ai: r1'])
})

test('the same message object in two runs at once on one session: what they loaded is not stored again', async () => {
  const { store, chat } = open()
  for (const number of range(60)) await chat.append([new HumanMessage(`q${number}`), new AIMessage('old')].map(toStoredMessage))
  const input = { messages: [new HumanMessage('shared')] }
  let runs = 0
  const model: ScriptedModel = new ScriptedModel(async () => {
    if (++runs === 1) await agent.invoke(input, config)
    return `r${runs}`
  })
  const agent = createAgent({ model, middleware: [chatHistoryMiddleware({ store, window: { last: 80 } })] })
  await agent.invoke(input, config)
  expect((await linesOf(chat)).slice(120)).toEqual(['human: shared', 'ai: r2', 'ai: r2'])
})
