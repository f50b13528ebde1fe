import {
  CreateTableCommand,
  DescribeTableCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { createDynamoDBHistory } from '@hist/dynamodb/store'
import { dynamoDBError, startFaultProxy } from '@hist/fault-proxy'
import { describe, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { sdkClient } from './database.js'
import { database, proxy } from './fixture.js'

function freshName(): string {
  return `hist-${Math.random().toString(36).slice(2)}`
}

async function tableNames(): Promise<string[]> {
  return (await database.client.send(new ListTablesCommand({}))).TableNames ?? []
}

describe('setup of the table', () => {
  test('no I/O before the first call, nor at the close of a store that was never used', async () => {
    const store = database.store({ tableName: freshName(), setupMode: 'sync' }, proxy.url)
    store.session('s').nextAppendId()
    await store.close()
    expect(proxy.counts.size).toBe(0)
  })

  test("'off': what is missing is NOT_SET_UP, and the text says how to make it", async () => {
    const tableName = freshName()
    const session = database.store({ tableName }).session('s')
    for (const call of [() => session.append([human('hi')]), () => session.messages(), () => session.clear()]) {
      await expect(call()).rejects.toMatchObject({
        code: 'NOT_SET_UP',
        retryable: false,
        outcome: 'failed',
        message: expect.stringContaining(
          `aws dynamodb create-table --table-name ${tableName} --billing-mode PAY_PER_REQUEST` +
            ' --attribute-definitions AttributeName=SessionId,AttributeType=S AttributeName=SK,AttributeType=S' +
            ' --key-schema AttributeName=SessionId,KeyType=HASH AttributeName=SK,KeyType=RANGE',
        ),
      })
    }
    expect(await tableNames()).not.toContain(tableName)
  })

  test('the command names the options: other keys, quoted, and the TTL', async () => {
    const options = { tableName: freshName(), primaryKeyName: "it's", sortKeyName: 'b c', ttlKeyName: 'ttl', ttlSeconds: 5 }
    const text = await database.store(options).session('s').messages().then(String, String)
    expect(text).toContain(`'AttributeName=it'\\''s,AttributeType=S' 'AttributeName=b c,AttributeType=S'`)
    expect(text).toContain('update-time-to-live')
    expect(text).toContain('Enabled=true,AttributeName=ttl')
  })

  test("'sync': 20 first calls at once make the table once", async () => {
    const options = { tableName: freshName(), setupMode: 'sync', primaryKeyName: 'name', sortKeyName: 'order' } as const
    const store = database.store(options, proxy.url)
    await Promise.all(range(20).map(number => store.session('s').append([human(`${number}`)])))
    expect(await store.session('s').messages()).toHaveLength(20)
    expect([proxy.count('CreateTable'), proxy.count('GetItem')]).toEqual([1, 1])
    const { Table } = await database.client.send(new DescribeTableCommand({ TableName: options.tableName }))
    expect(Table?.KeySchema?.map(key => [key.AttributeName, key.KeyType])).toEqual([
      ['name', 'HASH'],
      ['order', 'RANGE'],
    ])
    expect(Table?.BillingModeSummary?.BillingMode).toBe('PAY_PER_REQUEST')
  })

  test("'sync' waits for a table that takes its time, and two processes may set up at once", async () => {
    const tableName = freshName()
    let looks = 0
    proxy.use(({ operation }) => {
      if (operation !== 'DescribeTable') return undefined
      looks++
      if (looks === 1) return dynamoDBError('ResourceNotFoundException')
      return looks < 4
        ? { rewrite: answer => ({ Table: { ...(answer as { Table: object }).Table, TableStatus: 'CREATING' } }) }
        : 'pass'
    })
    const stores = range(2).map(() => database.store({ tableName, setupMode: 'sync' }, proxy.url))
    await Promise.all(stores.map(store => store.session('s').append([human('hi')])))
    expect(looks).toBeGreaterThanOrEqual(5)
    expect(proxy.count('CreateTable')).toBe(2)
    expect(await stores[0]?.session('s').messages()).toHaveLength(2)
  })

  test("'async' begins by itself", async () => {
    const tableName = freshName()
    const store = database.store({ tableName, setupMode: 'async' })
    while (!(await tableNames()).includes(tableName)) await new Promise(resolve => setTimeout(resolve, 5))
    await store.session('s').append([human('hi')])
    expect(contents(await store.session('s').messages())).toEqual(['hi'])
  })

  test("'async' that fails in the background is tried again by the first call", async () => {
    const tableName = freshName()
    let failed: () => void = () => undefined
    const failure = new Promise<void>(resolve => {
      failed = resolve
    })
    proxy.use(({ operation, nth }) => {
      if (operation !== 'CreateTable' || nth > 1) return undefined
      failed()
      return dynamoDBError('AccessDeniedException')
    })
    const store = database.store({ tableName, setupMode: 'async' }, proxy.url)
    await failure
    await new Promise(resolve => setTimeout(resolve, 50))
    await store.session('s').append([human('hi')])
    expect(proxy.count('CreateTable')).toBe(2)
  })

  test('a refused option makes no background request either', async () => {
    const options = { tableName: freshName(), setupMode: 'async', ...database.own(proxy.url) } as const
    expect(() => createDynamoDBHistory({ ...options, onCorruptEntry: 'x' as 'skip' })).toThrow(TypeError)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(proxy.counts.size).toBe(0)
  })

  test('a close during a background setup ends it', async () => {
    proxy.use(({ operation }) => {
      if (operation !== 'DescribeTable') return undefined
      return { rewrite: () => ({ Table: { TableStatus: 'CREATING' } }) }
    })
    const store = database.store({ tableName: freshName(), setupMode: 'async' }, proxy.url)
    while (proxy.count('DescribeTable') === 0) await new Promise(resolve => setTimeout(resolve, 5))
    await store.close()
    const looks = proxy.count('DescribeTable')
    await new Promise(resolve => setTimeout(resolve, 1_500))
    expect(proxy.count('DescribeTable') - looks).toBeLessThanOrEqual(1)
  })

  test('with ttlSeconds the TTL is switched on; a server without it is used all the same', async () => {
    const store = database.store({ tableName: freshName(), setupMode: 'sync', ttlSeconds: 60 }, proxy.url)
    await store.session('s').append([human('hi')])
    expect(proxy.count('UpdateTimeToLive')).toBe(1)
  })

  test.each([
    ['TimeToLive is already enabled', undefined],
    ['Time to live has been modified multiple times within a fixed interval', undefined],
    ['TimeToLive is active on a different AttributeName: current AttributeName is other', 'INVALID_CONFIGURATION'],
  ])('TTL: "%s"', async (message, code) => {
    proxy.use(({ operation }) => (operation === 'UpdateTimeToLive' ? dynamoDBError('ValidationException', message) : undefined))
    const store = database.store({ tableName: freshName(), setupMode: 'sync', ttlSeconds: 60 }, proxy.url)
    const outcome = await store
      .session('s')
      .append([human('hi')])
      .then(
        () => undefined,
        error => error.code,
      )
    expect(outcome).toBe(code)
  })

  test('a setup that hangs ends at setupTimeoutMs', async () => {
    proxy.use(({ operation }) => (operation === 'CreateTable' ? 'hang-before' : undefined))
    const store = database.store({ tableName: freshName(), setupMode: 'sync', setupTimeoutMs: 100 }, proxy.url)
    const began = performance.now()
    await expect(store.session('s').messages({ timeoutMs: 2_000 })).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(proxy.count('CreateTable')).toBeGreaterThan(1)
  })
})

describe('a table with other keys', () => {
  test("Python's table is refused before the first write, and its item is untouched", async () => {
    const TableName = await database.createTable({ sortKeyName: null })
    const item = {
      SessionId: { S: 's' },
      History: { L: [{ M: { type: { S: 'human' }, data: { M: { content: { S: 'precious' } } } } }] },
    }
    await database.client.send(new PutItemCommand({ TableName, Item: item }))
    const session = database.store({ tableName: TableName }, proxy.url).session('s')
    for (const call of [() => session.append([human('hi')]), () => session.append([human('x'.repeat(1_000_000))])]) {
      await expect(call()).rejects.toMatchObject({
        code: 'INVALID_CONFIGURATION',
        outcome: 'failed',
        message: expect.stringMatching(/range key SK.*create-table/s),
      })
    }
    await expect(session.messages()).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION' })
    await expect(session.clear()).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION' })
    expect([proxy.count('PutItem'), proxy.count('BatchWriteItem')]).toEqual([0, 0])
    const { Item } = await database.client.send(new GetItemCommand({ TableName, Key: { SessionId: { S: 's' } } }))
    expect(Item).toEqual(item)
  })

  test.each([
    ['another hash key', { primaryKeyName: 'id' }],
    ['another range key', { sortKeyName: 'sk' }],
  ])('%s', async (_name, keys) => {
    const tableName = await database.createTable(keys)
    const session = database.store({ tableName }).session('s')
    await expect(session.append([human('hi')])).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION' })
    await expect(session.messages()).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION' })
  })

  test('a range key of another type', async () => {
    const TableName = freshName()
    await database.client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'SessionId', AttributeType: 'S' },
          { AttributeName: 'SK', AttributeType: 'N' },
        ],
        KeySchema: [
          { AttributeName: 'SessionId', KeyType: 'HASH' },
          { AttributeName: 'SK', KeyType: 'RANGE' },
        ],
      }),
    )
    await expect(
      database
        .store({ tableName: TableName })
        .session('s')
        .append([human('hi')]),
    ).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION' })
  })

  test('is looked at once for each client and table, and again after a failure', async () => {
    const tableName = await database.createTable()
    const client = sdkClient(proxy.url)
    let denied = true
    proxy.use(({ operation }) => (operation === 'GetItem' && denied ? dynamoDBError('AccessDeniedException') : undefined))
    const first = createDynamoDBHistory({ tableName, client })
    await expect(first.session('a').append([human('hi')])).rejects.toMatchObject({ code: 'ACCESS_DENIED', outcome: 'failed' })
    denied = false
    await Promise.all(range(10).map(number => first.session(`${number}`).append([human('hi')])))
    const second = createDynamoDBHistory({ tableName, client })
    await second.session('b').append([human('hi')])
    expect(proxy.count('GetItem')).toBe(2)
    await database
      .store({ tableName }, proxy.url)
      .session('c')
      .append([human('hi')])
    expect(proxy.count('GetItem')).toBe(3)
    client.destroy()
  })
})

describe('clients', () => {
  test('an injected client is never destroyed', async () => {
    const tableName = await database.createTable()
    const client = sdkClient(database.url)
    let destroyed = 0
    const destroy = client.destroy.bind(client)
    client.destroy = () => {
      destroyed++
      destroy()
    }
    const store = createDynamoDBHistory({ tableName, client })
    await store.session('s').append([human('hi')])
    await store.close()
    expect(destroyed).toBe(0)
    expect(await createDynamoDBHistory({ tableName, client }).session('s').messages()).toHaveLength(1)
    client.destroy()
  })

  test('settings are not written to, and may be frozen', async () => {
    const tableName = await database.createTable()
    const keys = { accessKeyId: 'test', secretAccessKey: 'test' }
    for (const credentials of [{ ...keys }, Object.freeze({ ...keys })]) {
      const store = createDynamoDBHistory(Object.freeze({ tableName, ...database.own(), credentials }))
      await store.session('s').append([human('hi')])
      expect(credentials).toEqual(keys)
      await store.close()
    }
  })

  test('our own client is destroyed: no connection is left', async () => {
    const tableName = await database.createTable()
    const own = await startFaultProxy(database.url)
    const store = createDynamoDBHistory({ tableName, ...database.own(own.url) })
    await store.session('s').append([human('hi')])
    expect(own.connections()).toBe(1)
    await store.close()
    for (let waited = 0; own.connections() > 0 && waited < 100; waited++) await new Promise(resolve => setTimeout(resolve, 10))
    expect(own.connections()).toBe(0)
    await expect(store.session('s').messages()).rejects.toMatchObject({ code: 'CLOSED' })
    await own.close()
  })
})
