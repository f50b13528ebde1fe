import { createMemoryHistory } from '@hist/core'
import { StoredChatMessageHistory } from '@hist/core/langchain'
import { HumanMessage } from '@langchain/core/messages'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { contents } from '../../core/test/messages.js'
import { type Database, openDatabase } from './database.js'

let database: Database

beforeAll(async () => {
  database = await openDatabase()
  vi.stubEnv('ROCKSET_APISERVER', database.url)
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await database.close()
})

test('the examples of the README run', async () => {
  const { messages } = await import('../examples/chat.js')
  expect(messages.map(message => message.content)).toEqual(['hi', 'Hello!'])
  const { newest } = await import('../examples/store.js')
  expect(contents(newest)).toEqual(['hi', 'Hello!'])
  await import('../examples/client.js')
  expect(await database.store().session('user-44').messages()).toHaveLength(1)
})

test('a history of another class moves in', async () => {
  const { moveIn } = await import('../examples/move-in.js')
  const store = createMemoryHistory()
  const old = new StoredChatMessageHistory({ store, sessionId: 's' })
  await old.addMessage(new HumanMessage('kept'))
  await moveIn(old, { collection: 'chat', ...database.own() }, 'moved')
  expect(contents(await database.store().session('moved').messages())).toEqual(['kept'])
})
