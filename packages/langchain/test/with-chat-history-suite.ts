import { randomUUID } from 'node:crypto'
import type { HistoryStore } from '@hist/core'
import { StoredChatMessageHistory } from '@hist/core/langchain'
import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { ChatPromptTemplate, MessagesPlaceholder } from '@langchain/core/prompts'
import { RunnableLambda, RunnableWithMessageHistory } from '@langchain/core/runnables'
import { describe, expect, test, vi } from 'vitest'
import { withChatHistory } from '../src/with-chat-history.js'
import { EchoModel } from './echo-model.js'

/** What `withChatHistory` promises, on one backend. Stores are made in the tests, and closed by who makes them. */
export function withChatHistorySuite({ name, createStore }: { name: string; createStore: () => HistoryStore }): void {
  describe(`withChatHistory on ${name}`, () => {
    let store: HistoryStore | undefined
    const open = () => {
      store ??= createStore()
      const sessionId = `chain-${randomUUID()}`
      return { store, chat: store.session(sessionId), config: { configurable: { sessionId } } }
    }

    test('a prompt and a model remember', async () => {
      const { store, chat, config } = open()
      const model = new EchoModel()
      const prompt = ChatPromptTemplate.fromMessages([
        ['system', 'Be kind.'],
        new MessagesPlaceholder('past'),
        ['human', '{question}'],
      ])
      const chain = withChatHistory(prompt.pipe(model), { store, inputMessagesKey: 'question', historyMessagesKey: 'past' })
      expect((await chain.invoke({ question: 'one' }, config)).content).toBe('re:one')
      await chain.invoke({ question: 'two' }, config)
      expect(model.seen).toEqual([
        ['Be kind.', 'one'],
        ['Be kind.', 'one', 're:one', 'two'],
      ])
      expect(await linesOf(chat)).toEqual(['human one', 'ai re:one', 'human two', 'ai re:two'])
    })

    test('a stream is stored as one message when it ends', async () => {
      const { store, chat, config } = open()
      const chain = withChatHistory(new EchoModel(), { store })
      const pieces: string[] = []
      for await (const chunk of await chain.stream('one', config)) {
        if (pieces.length === 0) expect(await linesOf(chat)).toEqual(['human one'])
        pieces.push(String(chunk.content))
      }
      expect(pieces).toEqual(['re:one', '+1', '+2'])
      expect(await linesOf(chat)).toEqual(['human one', 'ai re:one+1+2'])
    })

    test('of a stream that is left early, what had come is stored', async () => {
      const { store, chat, config } = open()
      const chain = withChatHistory(new EchoModel({ pieces: 1_000 }), { store })
      for await (const _ of await chain.stream('one', config)) break
      const [question, reply, ...more] = await linesOf(chat)
      expect([question, more]).toEqual(['human one', []])
      expect(reply).toMatch(/^ai re:one(\+1)?(\+2)?$/)
    })

    test("the user's message is kept when the model fails", async () => {
      const { store, chat, config } = open()
      const failing = new EchoModel({
        before() {
          throw new Error('overloaded')
        },
      })
      await expect(withChatHistory(failing, { store }).invoke('one', config)).rejects.toThrow('overloaded')
      expect(await linesOf(chat)).toEqual(['human one'])
      await withChatHistory(new EchoModel(), { store }).invoke('two', config)
      expect(await linesOf(chat)).toEqual(['human one', 'human two', 'ai re:two'])
    })

    test('a write that fails: the built-in class resolves, ours rejects', async () => {
      const logged = vi.spyOn(console, 'warn').mockReturnValue(undefined)
      const { config } = open()
      const store = createStore()
      const closing = new EchoModel({ before: () => store.close() })
      const builtIn = new RunnableWithMessageHistory({
        runnable: closing,
        getMessageHistory: sessionId => new StoredChatMessageHistory({ sessionId, store }),
      })
      expect((await builtIn.invoke('one', config)).content).toBe('re:one')
      const again = createStore()
      const closingAgain = new EchoModel({ before: () => again.close() })
      await expect(withChatHistory(closingAgain, { store: again }).invoke('one', config)).rejects.toMatchObject({
        code: 'CLOSED',
      })
      logged.mockRestore()
    })

    test('of runs at once on one session nothing is lost, nothing is twice, and each is in order', async () => {
      const { store, chat, config } = open()
      const questions = ['a', 'b', 'c', 'd']
      // All of them are under way before one of them ends.
      const allIn = gate(questions.length)
      const chain = withChatHistory(new EchoModel({ before: allIn }), { store })
      await Promise.all(questions.map(question => chain.invoke(question, config)))
      expectTurns(await linesOf(chat), questions)
    })

    test('a batch on one session', async () => {
      const { store, chat, config } = open()
      const questions = ['a', 'b', 'c', 'd', 'e']
      const chain = withChatHistory(new EchoModel(), { store })
      const replies = await chain.batch(questions, config, { maxConcurrency: 2 })
      expect(replies.map(({ content }) => content)).toEqual(questions.map(question => `re:${question}`))
      expectTurns(await linesOf(chat), questions)
    })

    test('the model is shown a window', async () => {
      const { store, config } = open()
      const model = new EchoModel()
      const newest = withChatHistory(model, { store, window: { last: 2 } })
      const characters = (messages: BaseMessage[]) => messages.map(({ content }) => content).join('').length
      const short = withChatHistory(model, { store, window: { maxTokens: 10, count: characters } })
      await newest.invoke('one', config)
      await newest.invoke('two', config)
      await newest.invoke('three', config)
      await short.invoke('four', config)
      expect(model.seen.slice(2)).toEqual([
        ['two', 're:two', 'three'],
        // 'three' and 're:three' are 13 characters.
        ['four'],
      ])
    })

    test('a runnable that calls tools and returns all messages is stored once', async () => {
      const { store, chat, config } = open()
      const agent = RunnableLambda.from(async ({ messages }: { messages: BaseMessage[] }) => {
        const question = messages.at(-1)?.content
        const tool_call_id = `call ${question}`
        return {
          messages: [
            ...messages,
            new AIMessage({ content: '', tool_calls: [{ id: tool_call_id, name: 'look', args: { for: question } }] }),
            new ToolMessage({ content: `found ${question}`, tool_call_id }),
            new AIMessage(`It is ${question}.`),
          ],
        }
      })
      const chain = withChatHistory(agent, { store, inputMessagesKey: 'messages', outputMessagesKey: 'messages' })
      await chain.invoke({ messages: [new HumanMessage('one')] }, config)
      await chain.invoke({ messages: [new HumanMessage('two')] }, config)
      const turn = (question: string) => [`human ${question}`, 'ai ', `tool found ${question}`, `ai It is ${question}.`]
      expect(await linesOf(chat)).toEqual([...turn('one'), ...turn('two')])
    })
  })
}

/** Type and text of what is stored. */
export async function linesOf(chat: ReturnType<HistoryStore['session']>): Promise<string[]> {
  return (await chat.messages()).map(({ type, data }) => `${type} ${data.content}`)
}

/** Each question and its reply once, the reply behind the question. */
export function expectTurns(lines: readonly string[], questions: readonly string[]): void {
  expect([...lines].sort()).toEqual(questions.flatMap(question => [`human ${question}`, `ai re:${question}`]).sort())
  for (const question of questions) {
    expect(lines.indexOf(`human ${question}`)).toBeLessThan(lines.indexOf(`ai re:${question}`))
  }
}

/** Resolves when it has been called so many times. */
export function gate(count: number): () => Promise<void> {
  let arrived = 0
  let open: () => void
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return () => {
    arrived += 1
    if (arrived === count) open()
    return opened
  }
}
