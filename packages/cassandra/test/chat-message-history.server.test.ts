import { CassandraChatMessageHistory } from '@hist/cassandra'
import { describeWithServer } from '@hist/servers/vitest'
import { AIMessage, HumanMessage } from '@langchain/core/messages'
import { RunnableLambda, RunnableWithMessageHistory } from '@langchain/core/runnables'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { range } from '../../core/test/numbers.js'
import { type Database, openDatabase, openSockets } from './database.js'

describeWithServer('cassandra', 'CassandraChatMessageHistory', address => {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase(address)
  })
  afterAll(() => database.close())

  test('keeps and clears a session', async () => {
    const history = new CassandraChatMessageHistory({ ...database.own, sessionId: 's' })
    await history.addMessages([new HumanMessage('hi'), new AIMessage('hello')])
    await history.addUserMessage('and')
    await history.addAIMessage('so on')
    expect((await history.getMessages()).map(message => message.content)).toEqual(['hi', 'hello', 'and', 'so on'])
    await history.clear()
    expect(await history.getMessages()).toEqual([])
    await history.close()
  })

  test('100 instances for one session at once, as RunnableWithMessageHistory makes them, share a client', async () => {
    const before = openSockets()
    const chain = new RunnableWithMessageHistory({
      runnable: RunnableLambda.from(async () => new AIMessage('hello')),
      getMessageHistory: sessionId => new CassandraChatMessageHistory({ ...database.own, sessionId, window: { last: 4 } }),
    })
    await Promise.all(
      range(100).map(number =>
        chain.invoke([new HumanMessage(`hi ${number}`)], { configurable: { sessionId: `${number % 10}` } }),
      ),
    )
    const opened = openSockets() - before
    // A connection to one node, and the control connection.
    expect(opened).toBeLessThanOrEqual(2)
    expect(await database.store().session('3').messages()).toHaveLength(20)
  })

  test('gives an injected client back as it was', async () => {
    const history = new CassandraChatMessageHistory({
      client: database.client,
      keyspace: database.keyspace,
      sessionId: 'injected',
    })
    await history.addUserMessage('hi')
    await history.close()
    expect((await database.client.execute('SELECT release_version FROM system.local')).rowLength).toBe(1)
  })
})
