import { createMemoryHistory } from '@hist/core'
import { AIMessage, type BaseMessage, HumanMessage } from '@langchain/core/messages'
import type { ChatResult } from '@langchain/core/outputs'
import type { Runnable, RunnableConfig } from '@langchain/core/runnables'
import { createAgent, tool } from 'langchain'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { withChatHistory } from '../src/with-chat-history.js'
import { EchoModel, textOf } from './echo-model.js'
import { linesOf } from './with-chat-history-suite.js'

const config = { configurable: { sessionId: 's' } }

interface AgentOptions extends RunnableConfig {
  streamMode?: string
}

/** Asks the tool first. */
class ToolModel extends EchoModel {
  override async _generate(messages: BaseMessage[], options: this['ParsedCallOptions']): Promise<ChatResult> {
    const last = messages.at(-1)
    if (last?.getType() !== 'human') return super._generate(messages, options)
    this.seen.push(messages.map(textOf))
    const tool_calls = [{ id: `call ${last.content}`, name: 'look', args: { for: last.content } }]
    return { generations: [{ text: '', message: new AIMessage({ content: '', tool_calls }) }] }
  }
}

function agentWithHistory() {
  const store = createMemoryHistory()
  const look = tool(input => `found ${input.for}`, { name: 'look', description: 'Looks.', schema: z.object({ for: z.string() }) })
  const model = new ToolModel()
  const { graph } = createAgent({ model, tools: [look], systemPrompt: 'Be kind.' })
  const runnable = graph as unknown as Runnable<{ messages: unknown[] }, { messages: BaseMessage[] }, AgentOptions>
  const keys = { inputMessagesKey: 'messages', outputMessagesKey: 'messages' }
  return { model, chat: store.session('s'), chain: withChatHistory(runnable, { store, ...keys }) }
}

const turn = (question: string) => [`human ${question}`, 'ai ', `tool found ${question}`, `ai re:found ${question}`]

describe('an agent as the runnable, which returns its whole state', () => {
  test('each message is stored once, and the agent remembers', async () => {
    const { model, chat, chain } = agentWithHistory()
    await chain.invoke({ messages: [{ role: 'user', content: 'one' }] }, config)
    const { messages } = await chain.invoke({ messages: [new HumanMessage('two')] }, config)
    expect(await linesOf(chat)).toEqual([...turn('one'), ...turn('two')])
    expect(messages).toHaveLength(8)
    expect(model.seen.at(-1)?.slice(1)).toEqual(['one', '', 'found one', 're:found one', 'two', '', 'found two'])
  })

  test('streamed by values', async () => {
    const { chat, chain } = agentWithHistory()
    for (const question of ['one', 'two']) {
      const values = { ...config, streamMode: 'values' }
      for await (const _ of await chain.stream({ messages: [new HumanMessage(question)] }, values));
    }
    expect(await linesOf(chat)).toEqual([...turn('one'), ...turn('two')])
  })

  test('streamed by values and left early: what there was is stored', async () => {
    const { chat, chain } = agentWithHistory()
    const stream = await chain.stream({ messages: [new HumanMessage('one')] }, { ...config, streamMode: 'values' })
    for await (const { messages } of stream) if (messages.length === 3) break
    expect((await linesOf(chat)).slice(0, 3)).toEqual(turn('one').slice(0, 3))
  })

  test('streamed by updates, which hold no messages under the key: an error, not silence', async () => {
    const { chat, chain } = agentWithHistory()
    const stream = await chain.stream({ messages: [new HumanMessage('one')] }, { ...config, streamMode: 'updates' })
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toThrow(/'messages' of it, must be/)
    expect(await linesOf(chat)).toEqual(['human one'])
  })
})
