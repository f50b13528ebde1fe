import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ChatHistory, HistoryStore } from '@hist/core'
import { fromStoredMessage } from '@hist/core/langchain'
import { chatHistoryMiddleware } from '@hist/langchain'
import { createAgent } from 'langchain'
import { describe, expect, test } from 'vitest'
import { range } from '../../core/test/numbers.js'
import { lookTool } from './look-tool.js'
import { lineOf, look, ScriptedModel } from './scripted-model.js'
import { gate } from './with-chat-history-suite.js'

interface MiddlewareSuite {
  name: string
  createStore: () => HistoryStore
  /** How another process opens the same database; what is in memory it cannot open. */
  elsewhere?: () => { module: string; createStore: string; options: object }
}

/** What `chatHistoryMiddleware` promises, on one backend. */
export function middlewareSuite({ name, createStore, elsewhere }: MiddlewareSuite): void {
  describe(`chatHistoryMiddleware on ${name}`, () => {
    let store: HistoryStore | undefined
    const open = () => {
      store ??= createStore()
      const thread_id = `agent-${randomUUID()}`
      return { store, thread_id, chat: store.session(thread_id), config: { configurable: { thread_id } } }
    }

    test('a run whose model fails at its third call is stored to there, once, and the next one goes on from it', async () => {
      const { store, chat, config } = open()
      const model = new ScriptedModel([[look('a')], [look('b'), look('c')], new Error('overloaded'), 'done'])
      const agent = createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store })] })
      await expect(agent.invoke(ask('one'), config)).rejects.toThrow('overloaded')
      const first = ['human: one', 'ai: look(a)', 'tool: found a', 'ai: look(b) look(c)', 'tool: found b', 'tool: found c']
      expect(await linesOf(chat)).toEqual(first)
      await agent.invoke(ask('two'), config)
      expect(model.lastShown).toEqual([...first, 'human: two'])
      expect(await linesOf(chat)).toEqual([...first, 'human: two', 'ai: done'])
      expect(new Set((await chat.messages()).map(({ data }) => data.id)).size).toBe(8)
    })

    test('of two runs at once on one session nothing is lost, and each is in order', async () => {
      const { store, chat, config } = open()
      // In every step both have arrived before one of them goes on.
      const gates = range(3).map(() => gate(2))
      const model = new ScriptedModel(async messages => {
        const question = String(messages.findLast(message => message.getType() === 'human')?.content)
        const step = messages.filter(message => lineOf(message).includes(`(${question}`)).length
        await gates[step]?.()
        return step < 2 ? [look(`${question}${step}`), look(`${question}${step}`)] : `It is ${question}.`
      })
      const agent = createAgent({ model, tools: [lookTool()], middleware: [chatHistoryMiddleware({ store })] })
      await Promise.all(['x', 'y'].map(question => agent.invoke(ask(question), config)))
      const lines = await linesOf(chat)
      for (const question of ['x', 'y']) {
        expect(lines.filter(line => line.includes(question))).toEqual([
          `human: ${question}`,
          ...range(2).flatMap(step => {
            const found = `tool: found ${question}${step}`
            return [`ai: look(${question}${step}) look(${question}${step})`, found, found]
          }),
          `ai: It is ${question}.`,
        ])
      }
      expect(lines).toHaveLength(16)
      // The model refuses to be shown calls and results that are apart.
      await createAgent({ model: new ScriptedModel(['done']), middleware: [chatHistoryMiddleware({ store })] }).invoke(
        ask('z'),
        config,
      )
    })

    test('a write that fails ends the run with its error', async () => {
      const { config } = open()
      const closing = createStore()
      const model = new ScriptedModel(async () => {
        await closing.close()
        return 'done'
      })
      const agent = createAgent({ model, middleware: [chatHistoryMiddleware({ store: closing })] })
      await expect(agent.invoke(ask('one'), config)).rejects.toMatchObject({ name: 'HistoryError', code: 'CLOSED' })
      expect(model.shown).toHaveLength(1)
    })

    if (elsewhere === undefined) return
    test('a process that is killed between a call and its result: the next run is shown an error for it', async () => {
      const { store, thread_id, chat, config } = open()
      if (!existsSync(fileURLToPath(new URL('../dist/index.js', import.meta.url))))
        throw new Error('build first: a process of its own loads dist')
      const { module, createStore, options } = elsewhere()
      // The table is made before, so that the process is not killed while it waits for that.
      await chat.messages()
      const script = new URL('./killed-agent.mjs', import.meta.url)
      const child = fork(script, [module, createStore, JSON.stringify(options), thread_id], { execArgv: [] })
      expect((await once(child, 'exit'))[1]).toBe('SIGKILL')
      const log = ['human: one', 'ai: look(weather) look(news)']
      expect(await linesOf(chat)).toEqual(log)
      const model = new ScriptedModel(['done', 'done'])
      const agent = createAgent({ model, middleware: [chatHistoryMiddleware({ store })] })
      for (const question of ['two', 'three']) {
        await agent.invoke(ask(question), config)
        log.push(`human: ${question}`, 'ai: done')
        const noResult = expect.stringMatching(/^tool! Error: no result was recorded/)
        expect(model.lastShown).toEqual([...log.slice(0, 2), noResult, noResult, ...log.slice(2, -1)])
      }
      expect(await linesOf(chat)).toEqual(log)
    })
  })
}

export function ask(content: string) {
  return { messages: [{ role: 'user' as const, content }] }
}

/** What is stored, a line for each message. */
export async function linesOf(chat: ChatHistory): Promise<string[]> {
  return (await chat.messages()).map(message => lineOf(fromStoredMessage(message)))
}
