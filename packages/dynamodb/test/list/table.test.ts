import { randomBytes } from 'node:crypto'
import { DescribeTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { createTestClock } from '@hist/core/conformance'
import { DynamoDBChatMessageHistory } from '@hist/dynamodb'
import { DynamoDBBackend } from '@hist/dynamodb/store'
import { HumanMessage } from '@langchain/core/messages'
import { describe, expect, test } from 'vitest'
import { contents, human } from '../../../core/test/messages.js'
import { range } from '../../../core/test/numbers.js'
import { type Item, noise } from '../database.js'
import { database, listTableName, nextSession, proxy, tableName } from '../fixture.js'

const layout = 'list'

function freshName(): string {
  return `fresh-${randomBytes(6).toString('hex')}`
}

async function put(TableName: string, item: Item): Promise<void> {
  await database.client.send(new PutItemCommand({ TableName, Item: item }))
}

async function collect(ids: AsyncIterable<string>): Promise<string[]> {
  const collected: string[] = []
  for await (const id of ids) collected.push(id)
  return collected.sort()
}

describe('the wrong table', () => {
  test('one with a range key is refused by every call, and nothing is written', async () => {
    const options = { tableName, ...database.own(proxy.url) }
    const items = database.store(options, proxy.url)
    await items.session('s').append([human('precious')])
    const before = await database.items(tableName, 's')
    const store = database.store({ ...options, layout }, proxy.url)
    const chat = store.session('s')
    for (const call of [
      () => chat.append([human('hi')]),
      () => chat.messages(),
      () => chat.clear(),
      () => collect(store.sessions()),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'INVALID_CONFIGURATION',
        outcome: 'failed',
        retryable: false,
        message: expect.stringMatching(/no range key.*key.*layout 'items'.*create-table/s),
      })
    }
    expect(proxy.count('UpdateItem')).toBe(0)
    expect(await database.items(tableName, 's')).toEqual(before)
  })

  test("layout 'items' on Python's table is refused before the first write, and says which layout reads it", async () => {
    const item: Item = { SessionId: { S: 'python' }, History: { L: [] } }
    await put(listTableName, item)
    const chat = database.store({ tableName: listTableName }, proxy.url).session('python')
    await expect(chat.append([human('hi')])).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      message: expect.stringMatching(/is used with layout 'list'/),
    })
    expect(proxy.count('PutItem')).toBe(0)
    expect(await database.items(listTableName, 'python')).toEqual([item])
  })

  test('another hash key', async () => {
    const chat = database.store({ tableName: listTableName, layout, primaryKeyName: 'id' }).session('s')
    for (const call of [() => chat.append([human('hi')]), () => chat.messages(), () => chat.clear()])
      await expect(call()).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION' })
  })

  test('an item whose messages have another name: every call says where the lists are, and changes nothing', async () => {
    const id = nextSession()
    const item: Item = { SessionId: { S: id }, messages: { L: [{ S: 'x' }] }, other: { L: [] }, History: { S: 'text' } }
    await put(listTableName, item)
    for (const options of [{}, { historySize: 3 }, { ttlSeconds: 60 }]) {
      const chat = database.store({ tableName: listTableName, layout, ...options }).session(id)
      for (const call of [
        () => chat.append([human('hi')]),
        () => chat.messages(),
        () => chat.messages({ last: 1 }),
        () => chat.clear(),
      ]) {
        await expect(call()).rejects.toMatchObject({
          code: 'INVALID_CONFIGURATION',
          outcome: 'failed',
          message: expect.stringMatching(/no list in its attribute History.*lists in (messages, other|other, messages)/),
        })
      }
    }
    await put(listTableName, { SessionId: { S: 'empty' }, note: { S: 'x' } })
    await expect(
      database
        .store({ tableName: listTableName, layout })
        .session('empty')
        .append([human('hi')]),
    ).rejects.toThrow(/no list at all/)
    expect(await database.items(listTableName, id)).toEqual([item])
  })
})

describe('an item', () => {
  test("is Python's, with our attributes beside its own, which stay", async () => {
    const id = nextSession()
    await put(listTableName, { SessionId: { S: id }, History: { L: [] }, owner: { S: 'python' } })
    await database
      .store({ tableName: listTableName, layout, ttlSeconds: 60, clock: { now: () => 0n } })
      .session(id)
      .append([human('hi')])
    const [item] = await database.items(listTableName, id)
    const token = item?.v?.S ?? ''
    expect(item).toEqual({
      SessionId: { S: id },
      owner: { S: 'python' },
      expireAt: { N: '60' },
      v: { S: expect.stringMatching(/^[\w-]{11}$/) },
      op0: { SS: [token] },
      History: { L: [{ M: { type: { S: 'human' }, data: { M: { content: { S: 'hi' } } }, hist: { S: '{"v":1}' } } }] },
    })
  })

  test.each([{ S: '2020-01-01' }, { NULL: true }])('a time of expiry that is not a number is none: %j', async expireAt => {
    const id = nextSession()
    await put(listTableName, { SessionId: { S: id }, History: { L: [] }, expireAt })
    const chat = (options: { ttlSeconds?: number; historySize?: number }) =>
      database.store({ tableName: listTableName, layout, ...options }).session(id)
    await chat({}).append([human('a')])
    await chat({ historySize: 3 }).append([human('b')])
    expect((await database.items(listTableName, id))[0]?.expireAt).toEqual(expireAt)
    await chat({ ttlSeconds: 60 }).append([human('c')])
    expect((await database.items(listTableName, id))[0]?.expireAt).toEqual({ N: expect.any(String) })
    expect(contents(await chat({}).messages())).toEqual(['a', 'b', 'c'])
  })

  test('an empty append makes none', async () => {
    const id = nextSession()
    await database.store({ tableName: listTableName, layout }).session(id).append([])
    expect(await database.items(listTableName, id)).toEqual([])
  })

  test('an element that cannot be read is one corrupt entry', async () => {
    const id = nextSession()
    await put(listTableName, { SessionId: { S: id }, History: { L: [{ S: 'no message' }] } })
    const chat = database.store({ tableName: listTableName, layout }).session(id)
    await chat.append([human('good')])
    await expect(chat.messages()).rejects.toMatchObject({ code: 'CORRUPT_ENTRY', entry: expect.any(String) })
    expect(contents(await chat.messages({ last: 1 }))).toEqual(['good'])
    const skipping = database.store({ tableName: listTableName, layout, onCorruptEntry: 'skip', onWarning: () => undefined })
    expect(contents(await skipping.session(id).messages())).toEqual(['good'])
  })

  test('a read is one GetItem, consistent unless asked otherwise', async () => {
    const id = nextSession()
    const reads: unknown[] = []
    proxy.use(({ operation, json }) => {
      reads.push([operation, (json() as { ConsistentRead?: boolean }).ConsistentRead])
      return undefined
    })
    await database.store({ tableName: listTableName, layout }, proxy.url).session(id).messages()
    await database.store({ tableName: listTableName, layout, consistentRead: false }, proxy.url).session(id).messages({ last: 3 })
    expect(reads).toEqual([
      ['GetItem', true],
      ['GetItem', false],
    ])
  })
})

describe('too large', () => {
  test('an append of more than 400,000 bytes: before any call', async () => {
    const chat = database.store({ tableName: listTableName, layout }, proxy.url).session(nextSession())
    for (const messages of [
      [human('x'.repeat(400_001))],
      [human('x'.repeat(200_001)), human('x'.repeat(200_001))],
      [human('é'.repeat(200_001))],
    ])
      await expect(chat.append(messages)).rejects.toMatchObject({
        code: 'TOO_LARGE',
        outcome: 'failed',
        message: expect.stringMatching(/400000/),
      })
    expect(proxy.counts.size).toBe(0)
  })

  test.each([{}, { historySize: 1_000 }])(
    'a session that is full (%j): by the server; the text names the limit and the other layout',
    async options => {
      const chat = database.store({ tableName: listTableName, layout, ...options }).session(nextSession())
      for (const number of range(4)) await chat.append([human(`${number}${noise(95_000)}`)])
      await expect(chat.append([human(noise(95_000))])).rejects.toMatchObject({
        code: 'TOO_LARGE',
        outcome: 'failed',
        retryable: false,
        message: expect.stringMatching(/409,600.*layout 'items'/),
      })
      expect(await chat.messages()).toHaveLength(4)
      await chat.append([human('small')])
      expect(await chat.messages()).toHaveLength(5)
    },
  )

  test('with historySize a session is never full, as long as what it keeps fits', async () => {
    const chat = database.store({ tableName: listTableName, layout, historySize: 3 }).session(nextSession())
    for (const number of range(8)) await chat.append([human(`${number}${noise(95_000)}`)])
    expect((await chat.messages()).map(message => String(message.data.content)[0])).toEqual(['5', '6', '7'])
  })
})

describe('setup', () => {
  test("'off': the text says how to make the table", async () => {
    const missing = freshName()
    const chat = database.store({ tableName: missing, layout, ttlSeconds: 60 }).session('s')
    for (const call of [() => chat.append([human('hi')]), () => chat.messages(), () => chat.clear()]) {
      await expect(call()).rejects.toMatchObject({
        code: 'NOT_SET_UP',
        message: expect.stringContaining(
          `aws dynamodb create-table --table-name ${missing} --billing-mode PAY_PER_REQUEST` +
            ' --attribute-definitions AttributeName=SessionId,AttributeType=S --key-schema AttributeName=SessionId,KeyType=HASH\n' +
            `aws dynamodb update-time-to-live --table-name ${missing}`,
        ),
      })
    }
  })

  test('of a table with a key of the app: with its attributes', async () => {
    const chat = database.store({ tableName: freshName(), layout, key: id => ({ id, user: 'u' }) }).session('s')
    const text = await chat.messages().then(String, String)
    expect(text).toContain('AttributeName=id,KeyType=HASH AttributeName=user,KeyType=RANGE')
  })

  test.each(['sync', 'async'] as const)("'%s' makes a table with a hash key only", async setupMode => {
    const made = freshName()
    const store = database.store({ tableName: made, layout, primaryKeyName: 'id', setupMode, ttlSeconds: 60 })
    await store.session('s').append([human('hi')])
    const { Table } = await database.client.send(new DescribeTableCommand({ TableName: made }))
    expect(Table?.KeySchema).toEqual([{ AttributeName: 'id', KeyType: 'HASH' }])
    expect(contents(await store.session('s').messages())).toEqual(['hi'])
  })
})

describe('key', () => {
  test.each([
    undefined,
    'text',
    {},
    { id: '' },
    { id: 5 },
    { '': 'x' },
    { id: 'x', History: 'y' },
    { op0: 'x' },
    { a1: 'x', a2: 'x', a3: 'x' },
  ])('that gives %j is the caller’s mistake', async given => {
    const store = database.store({ tableName: listTableName, layout, key: () => given as never }, proxy.url)
    for (const call of [
      () => store.session('s').append([human('hi')]),
      () => store.session('s').messages(),
      () => store.session('s').clear(),
    ])
      await expect(call()).rejects.toThrow(TypeError)
    expect(proxy.counts.size).toBe(0)
  })

  test('of a history is shared by all with that key, and only by them', async () => {
    const tableName = await database.createTable({ sortKeyName: 'UserID' })
    const history = (UserID: string) =>
      new DynamoDBChatMessageHistory({ tableName, layout, sessionId: 's1', key: { SessionId: 's1', UserID }, ...database.own() })
    const [one, again, other] = [history('u1'), history('u1'), history('u2')]
    await one?.addMessage(new HumanMessage('hi'))
    expect(await again?.getMessages()).toHaveLength(1)
    expect(await other?.getMessages()).toEqual([])
    await Promise.all([one, again, other].map(each => each?.close()))
    expect(() => new DynamoDBChatMessageHistory({ tableName, layout, sessionId: 's1', key: null as never })).toThrow(
      /key must be/,
    )
  })
})

describe('sessions', () => {
  test('each once, by prefix, over pages of 1 MB; not the expired, the empty, nor items of others', async () => {
    const own = await database.createTable({ primaryKeyName: 'name', sortKeyName: null })
    const clock = createTestClock()
    const options = { tableName: own, layout, primaryKeyName: 'name', clock } as const
    const store = database.store(options, proxy.url)
    const text = noise(60_000)
    for (const number of range(25))
      for (const kind of ['user', 'robot']) await store.session(`${kind}-${number}`).append([human(text)])
    await database
      .store({ ...options, ttlSeconds: 60 })
      .session('user-brief')
      .append([human('x')])
    await put(own, { name: { S: 'user-empty' }, History: { L: [] } })
    await put(own, { name: { S: 'user-other' }, messages: { L: [{ S: 'x' }] } })
    await put(own, { name: { S: 'user-text' }, History: { S: 'x' } })
    clock.advance(61_000)
    proxy.reset()
    expect(await collect(store.sessions())).toEqual(
      range(25)
        .flatMap(number => [`user-${number}`, `robot-${number}`])
        .sort(),
    )
    expect(proxy.count('Scan')).toBeGreaterThanOrEqual(3)
    expect(await collect(store.sessions({ prefix: 'user-2' }))).toEqual(
      ['user-2', ...range(5).map(number => `user-2${number}`)].sort(),
    )
    expect(await collect(store.sessions({ prefix: '' }))).toHaveLength(50)
  })

  test('with a key of two parts, over pages', async () => {
    const own = await database.createTable({ primaryKeyName: 'user', sortKeyName: 'chat' })
    const store = database.store({ tableName: own, layout, key: id => ({ user: `user ${id}`, chat: '1' }) })
    await store.session('a').append([human('hi')])
    await expect(collect(store.sessions())).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    const fixed = database.store({ tableName: own, layout, key: user => ({ user, chat: '1' }) })
    for (const number of range(30)) await fixed.session(`b${number}`).append([human(noise(60_000))])
    expect(await collect(fixed.sessions({ prefix: 'b' }))).toHaveLength(30)
    expect(await collect(fixed.sessions())).toHaveLength(31)
    expect(await collect(database.store({ tableName: own, layout, key: user => ({ user, chat: '2' }) }).sessions())).toEqual([])
  })

  test('a malformed place is the caller’s mistake', async () => {
    const backend = new DynamoDBBackend({ tableName: 'abc', layout, ...database.own() })
    const call = {
      signal: new AbortController().signal,
      remainingMs: () => 1_000,
      request: () => Promise.reject(new Error('sent')),
    }
    for (const after of ['', 'x', '[]', '["a","b"]', '[1]', '{"a":1}', 'null'])
      await expect(backend.sessions({ after }, call)).rejects.toThrow(TypeError)
    for (const from of ['', 'x', '1', '-000000001', '0000000001.5'])
      await expect(backend.read('s', { order: 'oldest-first', from }, call)).rejects.toThrow(TypeError)
  })
})
