import { CassandraChatMessageHistory } from '@hist/cassandra'
import { describeWithServer } from '@hist/servers/vitest'
import { AIMessage, HumanMessage, mapChatMessagesToStoredMessages, ToolMessage } from '@langchain/core/messages'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Database, openDatabase } from './database.js'

describeWithServer('cassandra', "layout 'community'", address => {
  let database: Database
  const messages = [
    new HumanMessage({ content: 'what is 2 + 2?', id: 'h1' }),
    new AIMessage({ content: '', tool_calls: [{ name: 'add', args: { a: 2, b: 2 }, id: 'c1', type: 'tool_call' }] }),
    new ToolMessage({ content: '4', tool_call_id: 'c1', status: 'success', artifact: { exact: true } }),
    new AIMessage({ content: 'Four', response_metadata: { model_name: 'm', tokens: 3 } }),
  ]

  beforeAll(async () => {
    database = await openDatabase(address)
    // The class's own statements, of @langchain/community 1.1.29.
    const table = `${database.keyspace}.community`
    await database.client.execute(
      `CREATE TABLE ${table} (session_id text, message_ts timestamp, message_type text, data text, PRIMARY KEY ((session_id), message_ts))`,
    )
    const insert = `INSERT INTO ${table} (session_id, message_ts, message_type, data) VALUES (?, ?, ?, ?)`
    const write = (session: string, time: number, type: string, data: object) =>
      database.client.execute(insert, [session, new Date(time), type, JSON.stringify(data)], { prepare: true })
    for (const [index, { type, data }] of mapChatMessagesToStoredMessages(messages).entries())
      await write('short', 1_700_000_000_000 + index, type, data)
    for (const number of range(1_200)) await write('long', 1_700_000_000_000 + number, 'human', { content: `${number}` })
    await database.client.execute(insert, ['broken', new Date(1), 'human', '{'], { prepare: true })
  })
  afterAll(() => database.close())

  const options = { layout: 'community', tableName: 'community' } as const

  test('reads what the class wrote, as LangChain’s messages', async () => {
    const history = new CassandraChatMessageHistory({ ...database.own, ...options, sessionId: 'short' })
    expect(await history.getMessages()).toEqual(messages)
    await history.close()
  })

  test('reads all of a long session, windows and pages in both directions, with the time of each message', async () => {
    const chat = database.store(options).session('long')
    expect(contents(await chat.messages())).toEqual(range(1_200).map(String))
    expect(contents(await chat.messages({ last: 3 }))).toEqual(['1197', '1198', '1199'])
    const newest = await chat.page({ limit: 2 })
    const older = await chat.page({ limit: 2, before: newest.older ?? '' })
    expect(contents(older.entries.map(entry => entry.message))).toEqual(['1196', '1197'])
    expect(contents((await chat.page({ limit: 2, after: older.newer ?? '' })).entries.map(entry => entry.message))).toEqual([
      '1198',
      '1199',
    ])
    expect(newest.entries[1]?.createdAt).toEqual(new Date(1_700_000_001_199))
  })

  test('lists sessions, and says which row is broken', async () => {
    const store = database.store(options)
    const found: string[] = []
    for await (const session of store.sessions()) found.push(session)
    expect(found.sort()).toEqual(['broken', 'long', 'short'])
    await expect(store.session('broken').messages()).rejects.toMatchObject({ code: 'CORRUPT_ENTRY', session: 'broken' })
  })

  test('writes nothing', async () => {
    const chat = database.store(options).session('short')
    await expect(chat.append([human('hi')])).rejects.toMatchObject({ code: 'UNSUPPORTED', outcome: 'failed' })
    await expect(chat.clear()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(await chat.messages()).toHaveLength(4)
  })

  test('is named when a store of the default layout meets its table, and the other way round', async () => {
    await expect(database.store({ tableName: 'community' }).session('short').messages()).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      message: expect.stringContaining("layout: 'community'"),
    })
    await database
      .store()
      .session('s')
      .append([human('hi')])
    await expect(database.store({ layout: 'community' }).session('s').messages()).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      message: expect.stringContaining('cassio'),
    })
    await expect(database.store({ layout: 'community', tableName: 'nowhere' }).session('s').messages()).rejects.toMatchObject({
      code: 'NOT_SET_UP',
    })
  })

  test('moves in: read with it, append to the default layout, nothing lost', async () => {
    const old = database.store(options).session('short')
    const fresh = database.store().session('moved')
    await fresh.append(await old.messages())
    const history = new CassandraChatMessageHistory({ store: database.store(), sessionId: 'moved' })
    expect(await history.getMessages()).toEqual(messages)
  })
})
