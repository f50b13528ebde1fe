import { createMemoryHistory } from '@hist/core'
import { chatHistoryMiddleware } from '@hist/langchain'
import * as newest from 'langchain'
import * as floor from 'langchain-floor'
import { expect, test } from 'vitest'
import { ask, linesOf } from './middleware-suite.js'
import { ScriptedModel } from './scripted-model.js'

// That this file compiles is half of the test: the middleware's type is its own, and fits both.
test('both ends of the supported range take the middleware, beside their own', async () => {
  const store = createMemoryHistory()
  const model = new ScriptedModel(['r1', 'r2'])
  const beside = { name: 'beside' }
  const agents = [
    newest.createAgent({ model, middleware: [chatHistoryMiddleware({ store }), newest.createMiddleware(beside)] }),
    floor.createAgent({ model, middleware: [chatHistoryMiddleware({ store }), floor.createMiddleware(beside)] }),
  ] as const
  for (const [number, agent] of agents.entries()) await agent.invoke(ask(`q${number}`), { configurable: { thread_id: 's' } })
  expect(await linesOf(store.session('s'))).toEqual(['human: q0', 'ai: r1', 'human: q1', 'ai: r2'])
})

test('it is known as middleware without being made by langchain', () => {
  const middleware = chatHistoryMiddleware({ store: createMemoryHistory() })
  expect(middleware).toMatchObject({
    name: 'ChatHistoryMiddleware',
    [newest.MIDDLEWARE_BRAND]: true,
    [floor.MIDDLEWARE_BRAND]: true,
  })
})
