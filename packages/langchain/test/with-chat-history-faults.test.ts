import { StoredChatMessageHistory } from '@hist/core/langchain'
import { type FaultProxy, startFaultProxy } from '@hist/fault-proxy'
import { RunnableWithMessageHistory } from '@langchain/core/runnables'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type Database, openDatabase } from '../../dynamodb/test/database.js'
import { withChatHistory } from '../src/with-chat-history.js'
import { EchoModel } from './echo-model.js'
import { linesOf } from './with-chat-history-suite.js'

let database: Database
let proxy: FaultProxy
let tableName: string

beforeAll(async () => {
  database = await openDatabase()
  proxy = await startFaultProxy(database.url)
  tableName = await database.createTable()
})
afterAll(async () => {
  await proxy.close()
  await database.close()
})
beforeEach(() => proxy.reset())

const behindProxy = () => database.store({ tableName, timeoutMs: 2_000 }, proxy.url)
const stored = (sessionId: string) => linesOf(database.store({ tableName }).session(sessionId))
const reads = new Set(['Query', 'GetItem', 'BatchGetItem', 'DescribeTable'])
const goesAway = new EchoModel({ before: () => proxy.use(() => 'drop-before') })

test('a database that goes away while the model runs: the built-in class resolves, ours rejects', async () => {
  const logged = vi.spyOn(console, 'warn').mockReturnValue(undefined)
  const store = behindProxy()
  const builtIn = new RunnableWithMessageHistory({
    runnable: goesAway,
    getMessageHistory: sessionId => new StoredChatMessageHistory({ sessionId, store }),
  })
  expect((await builtIn.invoke('one', { configurable: { sessionId: 'built-in' } })).content).toBe('re:one')
  proxy.reset()
  const ours = withChatHistory(goesAway, { store }).invoke('one', { configurable: { sessionId: 'ours' } })
  await expect(ours).rejects.toMatchObject({ name: 'HistoryError', retryable: true, appendId: expect.any(String) })
  expect([await stored('built-in'), await stored('ours')]).toEqual([[], ['human one']])
  logged.mockRestore()
})

test('answers to writes that are lost: each message is stored once', async () => {
  proxy.use(({ operation, nth }) => (!reads.has(operation) && nth % 2 === 1 ? 'drop-after' : 'pass'))
  const chain = withChatHistory(new EchoModel(), { store: behindProxy() })
  for (const question of ['one', 'two']) await chain.invoke(question, { configurable: { sessionId: 'lost' } })
  expect([...proxy.counts.keys()].some(operation => !reads.has(operation))).toBe(true)
  expect(await stored('lost')).toEqual(['human one', 'ai re:one', 'human two', 'ai re:two'])
})
