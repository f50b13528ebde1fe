import type { HistoryWarning } from '@hist/core'
import { describeWithServer } from '@hist/servers/vitest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Database, openDatabase, recording } from './database.js'

describeWithServer('cassandra', 'read', address => {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase(address)
  })
  afterAll(() => database.close())

  test('6,000 messages: all of them, and the newest 20 in one request of 20 rows', async () => {
    const sent = recording(database.client)
    const chat = database.store({ client: sent.client }).session('six thousand')
    for (const hundred of range(60)) await chat.append(range(100).map(number => human(String(hundred * 100 + number))))
    expect(contents(await chat.messages()).map(Number)).toEqual(range(6_000))
    sent.requests.length = 0
    sent.rows.length = 0
    expect(contents(await chat.messages({ last: 20 })).map(Number)).toEqual(range(6_000).slice(-20))
    expect(sent.requests).toHaveLength(1)
    expect(sent.requests[0]?.params.at(-1)).toBe(20)
    expect(sent.requests[0]?.options).toMatchObject({ prepare: true, consistency: 6, fetchSize: 20 })
    expect(sent.rows).toEqual([20])
  })

  test('windows, pages and iterations of rows that other classes left behind: without a body, or older than ours', async () => {
    const chat = database.store().session('others')
    await chat.append(range(5).map(number => human(`${number}`)))
    const insert = `INSERT INTO ${database.keyspace}.message_store (partition_id, row_id, body_blob) VALUES ('others', ?, ?)`
    const old = '8f1b6a00-0001-11ee-8000-3cecef0f9c1c'
    await database.client.execute(
      insert,
      [old, '{"type": "human", "data": {"content": "from Python", "additional_kwargs": {}}}'],
      { prepare: true },
    )
    await database.client.execute(
      `INSERT INTO ${database.keyspace}.message_store (partition_id, row_id) VALUES ('others', now())`,
    )
    const texts = ['from Python', '0', '1', '2', '3', '4']
    expect(contents(await chat.messages())).toEqual(texts)
    expect(contents(await chat.messages({ last: 2 }))).toEqual(['3', '4'])
    const { entries } = await chat.page({ limit: 10 })
    expect(contents(entries.map(entry => entry.message))).toEqual(texts)
    expect(entries[0]?.createdAt?.getUTCFullYear()).toBe(2023)
    const newestFirst: unknown[] = []
    for await (const entry of chat.entries({ order: 'newest-first' })) newestFirst.push(entry.message.data.content)
    expect(newestFirst).toEqual([...texts].reverse())
  })

  test('a table in ascending order, and one with more columns', async () => {
    const columns = 'partition_id text, row_id timeuuid, body_blob text, attributes map<text, text>'
    await database.client.execute(`CREATE TABLE ${database.keyspace}.ascending (${columns}, PRIMARY KEY (partition_id, row_id))`)
    const chat = database.store({ tableName: 'ascending' }).session('s')
    await chat.append(range(10).map(number => human(`${number}`)))
    await chat.append([human('10')])
    expect(contents(await chat.messages())).toEqual(range(11).map(String))
    expect(contents(await chat.messages({ last: 2 }))).toEqual(['9', '10'])
  })

  test('a client goes on when a column is added, and when the table was dropped and made again', async () => {
    const chat = database.store({ tableName: 'changing' }).session('s')
    await chat.append([human('a')])
    await database.client.execute(`ALTER TABLE ${database.keyspace}.changing ADD more text`)
    await chat.append([human('b')])
    expect(contents(await chat.messages())).toEqual(['a', 'b'])
    await database.client.execute(`DROP TABLE ${database.keyspace}.changing`)
    await expect(chat.messages()).rejects.toMatchObject({ code: 'NOT_SET_UP', message: expect.stringContaining('CREATE TABLE') })
    await database
      .store({ tableName: 'changing' })
      .session('s')
      .append([human('c')])
    expect(contents(await chat.messages())).toEqual(['c'])
  })

  test('long messages come in short pages, and short ones in long', async () => {
    const sent = recording(database.client)
    const chat = database.store({ client: sent.client }).session('heavy')
    for (const number of range(130)) await chat.append([human(`${number}`.padEnd(300_000, '.'))])
    await chat.append(range(3_000).map(number => human(String(130 + number))))
    sent.requests.length = 0
    sent.rows.length = 0
    expect(contents(await chat.messages()).map(content => Number.parseInt(String(content), 10))).toEqual(range(3_130))
    const asked = sent.requests.map(({ params }) => Number(params.at(-1)))
    expect(asked.slice(0, 4)).toEqual([100, 13, 13, 13])
    expect(Math.max(...asked)).toBe(5_000)
    expect(sent.rows.reduce((sum, rows) => sum + rows)).toBe(3_130)
  })

  test('a page that is too much for the server is asked for in few rows, and nothing is left out', async () => {
    const sent = recording(database.client)
    const tooMuch = Object.assign(new Error('Server failure during read query'), { name: 'ResponseError', code: 0x1300 })
    const client = {
      ...sent.client,
      execute: (query: string, params?: never, options?: never) =>
        query.includes('body_blob FROM') && (options as unknown as { fetchSize: number }).fetchSize > 5
          ? Promise.reject(tooMuch)
          : sent.client.execute(query, params, options),
    }
    const chat = database.store({ client, ttlSeconds: 100_000 }).session('too much')
    await chat.append(range(23).map(number => human(String(number))))
    const pythonic = `INSERT INTO ${database.keyspace}.message_store (partition_id, row_id, body_blob) VALUES (?, ?, ?)`
    const old = ['too much', '8f1b6a00-0001-11ee-8000-3cecef0f9c1c', '{"type":"human","data":{"content":"old"}}']
    await database.client.execute(pythonic, old, { prepare: true })
    expect(contents(await chat.messages())).toEqual(['old', ...range(23).map(String)])
    expect(contents(await chat.messages({ last: 20 }))).toEqual(range(23).slice(-20).map(String))
  })

  test('110,000 expired messages: the session still reads, appends and clears', { timeout: 180_000 }, async () => {
    const warnings: HistoryWarning[] = []
    const store = database.store({ ttlSeconds: 5, onWarning: warning => warnings.push(warning) })
    const chat = store.session('expired')
    const insert = `INSERT INTO ${database.keyspace}.message_store (partition_id, row_id, body_blob) VALUES ('expired', now(), '{}') USING TTL 1`
    for (let batch = 0; batch < 55; batch++)
      await database.client.batch(Array(2_000).fill(insert), { prepare: true, logged: false })
    const query = `SELECT row_id FROM ${database.keyspace}.message_store WHERE partition_id = 'expired' LIMIT 20`
    await expect
      .poll(
        () =>
          database.client.execute(query).then(
            ({ rows }) => rows.length,
            error => error.code,
          ),
        { timeout: 20_000 },
      )
      .toBe(0x1300)

    // An hour ago for the fallback's bound, which allows for clocks that are a minute off.
    const later = { now: () => BigInt(Date.now() + 3_600_000) * 10_000n }
    const laterStore = database.store({ ttlSeconds: 3_000, clock: later, onWarning: warning => warnings.push(warning) })
    const laterChat = laterStore.session('expired')
    await expect(database.store().session('expired').messages()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: false,
      message: expect.stringContaining('ttlSeconds'),
    })
    expect(await laterChat.messages()).toEqual([])
    await laterChat.append([human('new'), human('newer')])
    expect(contents(await laterChat.messages())).toEqual(['new', 'newer'])
    expect(contents(await laterChat.messages({ last: 1 }))).toEqual(['newer'])
    expect(warnings.map(warning => warning.code)).toContain('EXPIRED_ROWS')
    await laterChat.clear()
    expect(await laterChat.messages()).toEqual([])
    await laterChat.append([human('after')])
    expect(contents(await laterChat.messages())).toEqual(['after'])
    expect(await chat.messages({ last: 1 })).toHaveLength(1)
  })
})
