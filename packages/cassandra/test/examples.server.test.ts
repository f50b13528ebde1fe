import { createCassandraHistory } from '@hist/cassandra/store'
import { describeWithServer } from '@hist/servers/vitest'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { contents } from '../../core/test/messages.js'
import { type Database, openDatabase } from './database.js'

describeWithServer('cassandra', 'the examples of the README', address => {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase(address)
    vi.stubEnv('CASSANDRA', `${address.contactPoints[0]}:${address.port}`)
    vi.stubEnv('CASSANDRA_KEYSPACE', database.keyspace)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await database.close()
  })

  test('chat', async () => {
    const { messages } = await import('../examples/chat.js')
    expect(messages.map(message => message.content)).toEqual(['hi', 'Hello!'])
  })

  test('store', async () => {
    const { newest } = await import('../examples/store.js')
    expect(contents(newest)).toEqual(['hi', 'Hello!'])
  })

  test('client', async () => {
    await import('../examples/client.js')
    expect(await database.rows('user-44')).toHaveLength(1)
  })

  test('moving in', async () => {
    const { moveIn } = await import('../examples/move-in.js')
    const table = `${database.keyspace}.old`
    await database.client.execute(
      `CREATE TABLE ${table} (session_id text, message_ts timestamp, message_type text, data text, PRIMARY KEY (session_id, message_ts))`,
    )
    for (const session of ['a', 'b']) {
      const values = `('${session}', toTimestamp(now()), 'human', '{"content": "from ${session}"}')`
      await database.client.execute(`INSERT INTO ${table} (session_id, message_ts, message_type, data) VALUES ${values}`)
    }
    await moveIn(database.own, 'old', 'moved')
    const store = createCassandraHistory({ ...database.own, tableName: 'moved' })
    for (const session of ['a', 'b']) expect(contents(await store.session(session).messages())).toEqual([`from ${session}`])
    await store.close()
  })
})
