import { createMemoryHistory } from '@hist/core'
import { withChatHistory } from '@hist/langchain'
import { AIMessageChunk } from '@langchain/core/messages'
import { JsonOutputParser } from '@langchain/core/output_parsers'
import type { Runnable } from '@langchain/core/runnables'
import { createAgent } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { EchoModel } from './echo-model.js'
import { linesOf } from './with-chat-history-suite.js'

const config = { configurable: { sessionId: 's' } }

// From a version of `@langchain/core` on that says how; not in the lowest one.
test('chunks that repeat what came before are put together as the runnable does it', async () => {
  const store = createMemoryHistory()
  const model = new EchoModel({ chunks: ['{"ans', 'wer":"He', 'llo"}'].map(content => new AIMessageChunk(content)) })
  const chain = withChatHistory(model.pipe(new JsonOutputParser()), { store, outputMessagesKey: 'answer' })
  const chunks: unknown[] = []
  for await (const chunk of await chain.stream('one', config)) chunks.push(chunk)
  expect(chunks).toEqual([{}, { answer: 'He' }, { answer: 'Hello' }])
  expect(await linesOf(store.session('s'))).toEqual(['human one', 'ai Hello'])
})

test('the states of an agent that has more than messages in it', async () => {
  const store = createMemoryHistory()
  const { graph } = createAgent({ model: new EchoModel(), tools: [], stateSchema: z.object({ vip: z.boolean() }) })
  const keys = { inputMessagesKey: 'messages', outputMessagesKey: 'messages' }
  const chain = withChatHistory(graph as unknown as Runnable<object>, { store, ...keys })
  for (const content of ['one', 'two']) {
    const input = { messages: [{ role: 'user', content }], vip: true }
    for await (const _ of await chain.stream(input, { ...config, streamMode: 'values' } as never));
  }
  expect(await linesOf(store.session('s'))).toEqual(['human one', 'ai re:one', 'human two', 'ai re:two'])
})
