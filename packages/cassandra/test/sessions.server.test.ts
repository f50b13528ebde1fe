import { describeWithServer } from '@hist/servers/vitest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Database, openDatabase, recording } from './database.js'

describeWithServer('cassandra', 'sessions()', address => {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase(address)
  })
  afterAll(() => database.close())

  async function listed(sessions: AsyncIterable<string>): Promise<string[]> {
    const found: string[] = []
    for await (const session of sessions) found.push(session)
    return found.sort()
  }

  test('lists 2,500 of them once each, in pages of 1,000, and by prefix', async () => {
    const sent = recording(database.client)
    const store = database.store({ client: sent.client })
    const names = range(2_500).map(number => `user-${String(number).padStart(4, '0')}`)
    for (const chunk of range(25)) {
      await Promise.all(
        names.slice(chunk * 100, chunk * 100 + 100).map(name => store.session(name).append([human('hi'), human('again')])),
      )
    }
    sent.requests.length = 0
    expect(await listed(store.sessions())).toEqual(names)
    expect(sent.requests).toHaveLength(3)
    expect(await listed(store.sessions({ prefix: 'user-12' }))).toEqual(names.slice(1_200, 1_300))
  })

  test('leaves out those that were cleared, by us or by a plain DELETE, and those that have expired', async () => {
    const store = database.store({ tableName: 'some' })
    for (const name of ['kept', 'cleared', 'deleted']) await store.session(name).append([human('hi')])
    await database
      .store({ tableName: 'some', ttlSeconds: 1 })
      .session('expired')
      .append([human('hi')])
    await store.session('cleared').clear()
    await database.client.execute(`DELETE FROM ${database.keyspace}.some WHERE partition_id = 'deleted'`)
    await expect.poll(() => listed(store.sessions()), { timeout: 10_000 }).toEqual(['kept'])
  })
})
