import type { Clock } from '@hist/core'
import { describeWithServer } from '@hist/servers/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Database, openDatabase, recording } from './database.js'

/** Another machine's clock. */
function offBy(offsetMs: number): Clock {
  return { now: () => BigInt(Math.floor((performance.timeOrigin + performance.now() + offsetMs) * 10_000)) }
}

describeWithServer('cassandra', 'clear', address => {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase(address)
  })
  afterAll(() => database.close())

  test('is two requests: a look, and one batch', async () => {
    const sent = recording(database.client)
    const chat = database.store({ client: sent.client }).session('two requests')
    for (const number of range(30)) await chat.append([human(`${number} a`), human(`${number} b`)])
    sent.requests.length = 0
    await chat.clear()
    expect(sent.requests.map(({ query }) => query.split(' ')[0])).toEqual(['SELECT', 'BATCH'])
    // One delete for each of the young appends, not for each message, and two for all that is older.
    expect(sent.requests[1]?.params).toHaveLength(32)
    expect(await chat.messages()).toEqual([])
    sent.requests.length = 0
    await chat.clear()
    expect(sent.requests).toHaveLength(1)
  })

  // Offsets of writer, clearing client and later appender in ms; the guide's table, and clocks further apart.
  test.each([
    [0, 0, -50],
    [0, 0, -5_000],
    [5_000, 0, 0],
    [60_000, 0, 0],
    [60_000, 60_000, -5_000],
    [-5_000, -5_000, 0],
    [600_000, -60_000, 0],
  ])('clocks off by %d, %d, %d ms: nothing old is left, nothing new is hidden', async (writing, clearing, appending) => {
    const session = `clocks ${writing} ${clearing} ${appending}`
    const [writer, clearer, appender] = [writing, clearing, appending].map(offset =>
      database.store({ clock: offBy(offset) }).session(session),
    )
    for (const round of range(10)) {
      await writer?.append(range(3).map(number => human(`old ${round} ${number}`)))
      await clearer?.clear()
      expect(await clearer?.messages()).toEqual([])
      await appender?.append([human(`new ${round} a`), human(`new ${round} b`)])
      expect(contents((await clearer?.messages()) ?? [])).toEqual([`new ${round} a`, `new ${round} b`])
    }
  })

  test('2,500 messages of the last seconds, by clocks in disorder: a later append by a clock that is behind is kept', async () => {
    const writers = [0, 3_000, -2_000].map(offset => database.store({ clock: offBy(offset) }).session('many'))
    await Promise.all(
      writers.map(async writer => {
        for (const number of range(400)) await writer.append([human(`${number}`)])
        await writer.append(range(433).map(number => human(`${number}`)))
      }),
    )
    await writers[0]?.clear()
    expect(await writers[1]?.messages()).toEqual([])
    await writers[2]?.append([human('behind')])
    expect(contents((await writers[0]?.messages()) ?? [])).toEqual(['behind'])
  })

  test('rows of others: of one tick, written with a time ahead of their id, and without a body', async () => {
    const table = `${database.keyspace}.message_store`
    const chat = database.store().session('others')
    await chat.append([human('ours')])
    const insert = `INSERT INTO ${table} (partition_id, row_id, body_blob) VALUES ('others', now(), '{"type":"human","data":{"content":"x"}}')`
    const ahead = (Date.now() + 3_000) * 1_000
    await database.client.execute(`${insert} USING TIMESTAMP ${ahead}`)
    await database.client.execute(insert)
    await database.client.execute(`INSERT INTO ${table} (partition_id, row_id) VALUES ('others', now())`)
    await chat.clear()
    expect(await database.rows('others')).toEqual([])
    await database
      .store()
      .session('others')
      .append([human('later')])
    expect(contents(await chat.messages())).toEqual(['later'])
  })

  test('again and again leaves a session that reads like new', async () => {
    const chat = database.store().session('again')
    for (const round of range(200)) {
      await chat.append([human(`${round}`)])
      await chat.clear()
    }
    const { info } = await database.client.execute(
      `SELECT * FROM ${database.keyspace}.message_store WHERE partition_id = 'again'`,
    )
    expect(info.warnings ?? []).toEqual([])
    expect(await chat.messages()).toEqual([])
  })

  describe("clearMode 'partition'", () => {
    test('is one DELETE, which is right while clocks agree', async () => {
      const sent = recording(database.client)
      const chat = database.store({ client: sent.client, clearMode: 'partition' }).session('partition')
      for (const round of range(200)) {
        await chat.append([human(`old ${round}`)])
        sent.requests.length = 0
        await chat.clear()
        expect(sent.requests).toHaveLength(1)
        await chat.append([human(`new ${round}`)])
        expect(contents(await chat.messages())).toEqual([`new ${round}`])
      }
    })

    test('covers what this client wrote, though its clock has been pushed ahead, and not what it writes next', async () => {
      const session = 'pushed'
      await database
        .store({ clock: offBy(60_000) })
        .session(session)
        .append([human('ahead')])
      const chat = database.store({ clearMode: 'partition', clock: offBy(0) }).session(session)
      await chat.messages()
      await chat.append([human('after it')])
      await chat.clear()
      await chat.append([human('new')])
      expect(contents(await chat.messages())).toEqual(['new'])
    })
  })
})
