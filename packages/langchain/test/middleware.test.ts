import { createMemoryHistory } from '@hist/core'
import { chatHistoryMiddleware } from '@hist/langchain'
import { HumanMessage, RemoveMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { createAgent, createMiddleware, toolStrategy } from 'langchain'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { range } from '../../core/test/numbers.js'
import { clearResults, endAfterCalls, endAfterToolCalls } from './langchain-middleware.js'
import { lookTool } from './look-tool.js'
import { ask, linesOf } from './middleware-suite.js'
import { lineOf, look, ScriptedModel } from './scripted-model.js'

const thread = (thread_id: string) => ({ configurable: { thread_id } })

function open() {
  const store = createMemoryHistory()
  return { store, chat: store.session('s'), config: thread('s') }
}

describe('the session', () => {
  test('a function may say which, from what the call was given', async () => {
    const { store } = open()
    const session = ({ configurable }: { configurable?: Record<string, unknown> | undefined }) => `user-${configurable?.user}`
    const agent = createAgent({ model: new ScriptedModel(['done']), middleware: [chatHistoryMiddleware({ store, session })] })
    await agent.invoke(ask('one'), { configurable: { user: 7, thread_id: 'other' } })
    expect(await linesOf(store.session('user-7'))).toEqual(['human: one', 'ai: done'])
    expect(await store.session('other').messages()).toEqual([])
  })

  test('without one the run ends before the model is called, and the error says how to give one', async () => {
    const { store } = open()
    const model = new ScriptedModel(['done'])
    for (const session of [undefined, () => '']) {
      const agent = createAgent({ model, middleware: [chatHistoryMiddleware({ store, session })] })
      const run = agent.invoke(ask('one'))
      await expect(run).rejects.toThrow(/no session; call the agent with \{ configurable: \{ thread_id \} \}.* option session/)
      await expect(run).rejects.toBeInstanceOf(TypeError)
    }
    expect(model.shown).toEqual([])
  })

  test('one agent serves many at once and keeps them apart', async () => {
    const { store } = open()
    const model = new ScriptedModel(messages => {
      const question = String(messages.at(-1)?.content)
      return question.startsWith('found') ? `re:${question}` : [look(question)]
    })
    const agent = createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store })] })
    const sessions = range(20).map(number => `s${number}`)
    // The same message object in all of them.
    const question = new HumanMessage('a')
    for (const text of ['one', 'two']) {
      await Promise.all(
        sessions.map(id => agent.invoke({ messages: text === 'two' ? [question] : [new HumanMessage(id)] }, thread(id))),
      )
    }
    for (const id of sessions) {
      const turn = (text: string) => [`human: ${text}`, `ai: look(${text})`, `tool: found ${text}`, `ai: re:found ${text}`]
      expect(await linesOf(store.session(id))).toEqual([...turn(id), ...turn('a')])
    }
  })
})

describe('what is stored', () => {
  test('calls before the tools start, and results before the model is called again', async () => {
    const { store, chat, config } = open()
    const seen: string[][] = []
    const model = new ScriptedModel(async messages => {
      seen.push(await linesOf(chat))
      return messages.length === 1 ? [look('a'), look('b')] : 'done'
    })
    const tools = [lookTool(async () => seen.push(await linesOf(chat)))]
    await createAgent({ model, tools, middleware: [chatHistoryMiddleware({ store })] }).invoke(ask('one'), config)
    const called = ['human: one', 'ai: look(a) look(b)']
    expect(seen).toEqual([['human: one'], called, called, [...called, 'tool: found a', 'tool: found b']])
    expect(await linesOf(chat)).toHaveLength(5)
  })

  test('a tool that fails is told to the model, as without the middleware', async () => {
    const { store, chat, config } = open()
    const model = new ScriptedModel([[look('a')], 'sorry'])
    const tools = [
      lookTool(() => {
        throw new Error('no network')
      }),
    ]
    await createAgent({ model, tools, middleware: [chatHistoryMiddleware({ store })] }).invoke(ask('one'), config)
    expect((await linesOf(chat))[2]).toMatch(/no network/)
  })

  test('a stream of tokens is stored as one message; what was loaded comes from the middleware’s own node', async () => {
    const { store, chat, config } = open()
    const model = new ScriptedModel(['one two three', 'four five six'])
    const agent = createAgent({ model, middleware: [chatHistoryMiddleware({ store })] })
    for (const expected of ['one two three', 'four five six']) {
      const tokens: string[] = []
      for await (const [chunk, { langgraph_node: node }] of await agent.stream(ask('count'), {
        ...config,
        streamMode: 'messages',
      })) {
        if (node === 'model_request') tokens.push(String(chunk.content))
        else expect(node).toBe('ChatHistoryMiddleware.before_agent')
      }
      expect(tokens).toEqual(expected.split(/(?<= )/))
    }
    expect(await linesOf(chat)).toEqual(['human: count', 'ai: one two three', 'human: count', 'ai: four five six'])
  })

  test('a stream that is left early', async () => {
    const { store, chat, config } = open()
    const agent = createAgent({ model: new ScriptedModel(['one two']), middleware: [chatHistoryMiddleware({ store })] })
    for await (const _ of await agent.stream(ask('count'), config)) break
    await expect.poll(() => linesOf(chat)).toEqual(['human: count', 'ai: one two'])
  })

  test('a run that another middleware ends before the model is called, if ours is in front of it', async () => {
    const { store, chat, config } = open()
    const model = new ScriptedModel([[look('a')], [look('b')]])
    const agent = createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store }), endAfterCalls(1)] })
    await agent.invoke(ask('one'), config)
    expect(await linesOf(chat)).toEqual(['human: one', 'ai: look(a)', 'tool: found a'])
  })

  test('a run that another middleware ends after a reply, if ours is behind it', async () => {
    const { store, chat, config } = open()
    const model = new ScriptedModel([[look('a')], [look('b')]])
    const middleware = [endAfterToolCalls(1), chatHistoryMiddleware({ store })]
    const { messages } = await createAgent({ model, tools: [lookTool()], middleware }).invoke(ask('one'), config)
    expect(await linesOf(chat)).toEqual(messages.map(lineOf))
    expect(messages).toHaveLength(6)
  })

  test('a run that takes too many steps', async () => {
    const { store, chat, config } = open()
    const model = new ScriptedModel(() => [look('a')])
    const agent = createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store })] })
    const run = agent.invoke(ask('one'), { ...config, recursionLimit: 8 })
    await expect(run).rejects.toThrow(/Recursion limit/)
    const lines = await linesOf(chat)
    expect(lines.slice(0, 4)).toEqual(['human: one', 'ai: look(a)', 'tool: found a', 'ai: look(a)'])
    await createAgent({ model: new ScriptedModel(['done']), middleware: [chatHistoryMiddleware({ store })] }).invoke(
      ask('two'),
      config,
    )
  })

  test('a structured answer', async () => {
    const { store, chat, config } = open()
    const model = new ScriptedModel(messages => {
      const question = messages.findLast(message => message.getType() === 'human')?.content
      return [{ name: 'answer', id: `call-${question}`, args: { subject: question } }]
    })
    const answer = toolStrategy(z.object({ subject: z.string() }).meta({ title: 'answer' }))
    const agent = createAgent({ model, responseFormat: answer, middleware: [chatHistoryMiddleware({ store })] })
    for (const question of ['one', 'two']) {
      const { structuredResponse } = await agent.invoke(ask(question), config)
      expect(structuredResponse).toEqual({ subject: question })
    }
    const turn = (subject: string) => {
      const json = JSON.stringify({ subject })
      return [`human: ${subject}`, `ai: answer(${subject})`, `tool: ${json}`, `ai: Returning structured response: ${json}`]
    }
    expect(await linesOf(chat)).toEqual([...turn('one'), ...turn('two')])
  })

  test('a structured answer that is wrong at first: what LangChain makes of it is stored, and the next run goes on', async () => {
    const { store, chat, config } = open()
    const answer = (args: Record<string, string>) => [{ name: 'answer', id: JSON.stringify(args), args }]
    const model = new ScriptedModel([answer({ text: 'one' }), answer({ subject: 'one' }), answer({ subject: 'again' })])
    const responseFormat = toolStrategy(z.object({ subject: z.string() }).meta({ title: 'answer' }))
    const agent = createAgent({ model, responseFormat, middleware: [chatHistoryMiddleware({ store })] })
    // Rejects in the versions that have the bug langchainjs#10175.
    await agent.invoke(ask('one'), config).catch(() => undefined)
    const lines = await linesOf(chat)
    expect(lines.slice(0, 4)).toEqual([
      'human: one',
      'ai: answer(undefined)',
      expect.stringMatching(/^tool: Failed to parse/),
      'ai: answer(one)',
    ])
    const next = new ScriptedModel(['done'])
    await createAgent({ model: next, middleware: [chatHistoryMiddleware({ store })] }).invoke(ask('two'), config)
    expect(next.lastShown.filter(line => !line.startsWith('tool!'))).toEqual([...lines, 'human: two'])
  })

  test('the result of a tool that ends the run', async () => {
    const { store, chat, config } = open()
    const last = tool(({ subject }) => `found ${subject}`, {
      name: 'look',
      description: 'Looks something up.',
      schema: z.object({ subject: z.string() }),
      returnDirect: true,
    })
    const model = new ScriptedModel([[look('a')]])
    await createAgent({ model, tools: [last], middleware: [chatHistoryMiddleware({ store })] }).invoke(ask('one'), config)
    expect(await linesOf(chat)).toEqual(['human: one', 'ai: look(a)', 'tool: found a'])
  })

  test('what another middleware puts into the state', async () => {
    const { store, chat, config } = open()
    const note = createMiddleware({
      name: 'note',
      beforeModel: state => (state.messages.length === 1 ? { messages: [new HumanMessage('by the way')] } : undefined),
    })
    const agent = createAgent({ model: new ScriptedModel(['done']), middleware: [chatHistoryMiddleware({ store }), note] })
    await agent.invoke(ask('one'), config)
    expect(await linesOf(chat)).toEqual(['human: one', 'human: by the way', 'ai: done'])
  })

  test('an agent that is another’s tool, on a session of its own', async () => {
    const { store, chat, config } = open()
    const session = () => 'sub'
    const sub = createAgent({ model: new ScriptedModel(['found a']), middleware: [chatHistoryMiddleware({ store, session })] })
    const asking = tool(async ({ subject }, runConfig) => (await sub.invoke(ask(subject), runConfig)).messages.at(-1)?.text, {
      name: 'look',
      description: 'Asks another agent.',
      schema: z.object({ subject: z.string() }),
    })
    const model = new ScriptedModel([[look('a')], 'done'])
    await createAgent({ model, tools: [asking], middleware: [chatHistoryMiddleware({ store })] }).invoke(ask('one'), config)
    expect(await linesOf(chat)).toEqual(['human: one', 'ai: look(a)', 'tool: found a', 'ai: done'])
    expect(await linesOf(store.session('sub'))).toEqual(['human: a', 'ai: found a'])
  })

  test('not a summary, whatever its id', async () => {
    const { store, chat, config } = open()
    const summarise = createMiddleware({
      name: 'summarise',
      beforeModel: ({ messages: [first, ...others] }) => {
        const summary = new HumanMessage({ content: 'they counted', additional_kwargs: { lc_source: 'summarization' } })
        return others.length < 2 ? undefined : { messages: [new RemoveMessage({ id: `${first?.id}` }), summary] }
      },
    })
    const model = new ScriptedModel([[look('a')], 'r1'])
    const middleware = [chatHistoryMiddleware({ store }), summarise]
    await createAgent({ model, tools: [lookTool()], middleware }).invoke(ask('one'), config)
    expect(model.lastShown).toEqual(['ai: look(a)', 'tool: found a', 'human: they counted'])
    expect(await linesOf(chat)).toEqual(['human: one', 'ai: look(a)', 'tool: found a', 'ai: r1'])
  })

  test('not a result whose text was cleared', async () => {
    const { store, chat, config } = open()
    const model = new ScriptedModel([[look('a')], [look('b')], [look('c')], 'r1', 'r2'])
    const agent = createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store }), clearResults()] })
    for (const question of ['one', 'two']) await agent.invoke(ask(question), config)
    expect(model.lastShown).toEqual(expect.arrayContaining(['tool: [cleared]', 'tool: found c']))
    const steps = ['a', 'b', 'c'].flatMap(subject => [`ai: look(${subject})`, `tool: found ${subject}`])
    expect(await linesOf(chat)).toEqual(['human: one', ...steps, 'ai: r1', 'human: two', 'ai: r2'])
  })

  test('not what is deleted from the state, and no deletion', async () => {
    const { store, chat, config } = open()
    const forget = createMiddleware({
      name: 'forget',
      beforeModel: ({ messages }) => ({
        messages: messages.slice(0, -1).map(({ id }) => new RemoveMessage({ id: id as string })),
      }),
    })
    const model = new ScriptedModel(['r1', 'r2'])
    const agent = createAgent({ model, middleware: [chatHistoryMiddleware({ store }), forget] })
    for (const question of ['one', 'two']) await agent.invoke(ask(question), config)
    expect(model.lastShown).toEqual(['human: two'])
    expect(await linesOf(chat)).toEqual(['human: one', 'ai: r1', 'human: two', 'ai: r2'])
  })
})
