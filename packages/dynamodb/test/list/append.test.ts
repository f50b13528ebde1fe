import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import type { HistoryStore } from '@hist/core'
import { createTestClock } from '@hist/core/conformance'
import { createDynamoDBHistory, type ListLayoutOptions } from '@hist/dynamodb/store'
import { type Fault, throttle } from '@hist/fault-proxy'
import { describe, expect, test } from 'vitest'
import { contents, human } from '../../../core/test/messages.js'
import { randomFrom, range } from '../../../core/test/numbers.js'
import { type Item, sdkClient } from '../database.js'
import { database, listTableName, nextSession, proxy } from '../fixture.js'

type Options = Partial<Extract<ListLayoutOptions, { key?: never }>>

const LOST: Fault[] = ['drop-before', 'drop-after', 'truncate', 'error-before', 'error-after', throttle()]
/** Applied, but the client does not hear of it. */
const UNHEARD: Fault[] = ['drop-after', 'truncate', 'error-after']

function list(options: Options = {}, url = proxy.url): HistoryStore {
  return database.store({ tableName: listTableName, timeoutMs: 60_000, ...options, layout: 'list' }, url)
}

async function itemOf(session: string): Promise<Item> {
  return (await database.items(listTableName, session))[0] ?? {}
}

function put(session: string, item: Item): Promise<unknown> {
  return database.client.send(
    new PutItemCommand({ TableName: listTableName, Item: { SessionId: { S: session }, History: { L: [] }, ...item } }),
  )
}

/** One request in five is lost in one way or another. */
function loseSome(seed: number, faults = LOST): void {
  const random = randomFrom(seed)
  proxy.use(() => (random() < 0.2 ? faults[Math.floor(random() * faults.length)] : undefined))
}

describe('an append whose first answer is lost', () => {
  const cases = [{}, { ttlSeconds: 60 }, { historySize: 10 }, { historySize: 10, ttlSeconds: 60 }].flatMap(options =>
    LOST.map(fault => [options, typeof fault === 'object' ? 'throttle' : fault, fault] as const),
  )

  test.each(cases)('%j: %s leaves one copy', async (options, _name, fault) => {
    const chat = list(options).session(nextSession())
    const lost = new Set<string>()
    proxy.use(({ operation, json }) => {
      const key = operation + JSON.stringify((json() as { UpdateExpression?: string }).UpdateExpression)
      if (lost.has(key)) return undefined
      lost.add(key)
      return fault
    })
    await chat.append([human('first'), human('second')])
    await chat.append([human('third')])
    proxy.use()
    expect(contents(await chat.messages())).toEqual(['first', 'second', 'third'])
  })
})

describe('many appends, one request in five lost', () => {
  test.each([
    [300, {}],
    [300, { ttlSeconds: 3_600 }],
    [90, { historySize: 1_000 }],
  ])('%i, %j: none thrown, none twice, each writer in order', async (appends, options) => {
    const session = nextSession()
    const each = range(appends / 6)
    loseSome(7)
    const writers = range(6).map(async writer => {
      const chat = list(options).session(session)
      for (const number of each) await chat.append([human(`${writer}.${number}`)])
    })
    await Promise.all(writers)
    proxy.use()
    const stored = contents(await list(options).session(session).messages()).map(String)
    expect(stored).toHaveLength(appends)
    for (const writer of range(6)) {
      expect(stored.filter(text => text.startsWith(`${writer}.`))).toEqual(each.map(number => `${writer}.${number}`))
    }
  })

  test('300 by a client with its own retries: none thrown, none twice', async () => {
    const client = sdkClient(proxy.url, 4)
    const store = createDynamoDBHistory({ tableName: listTableName, layout: 'list', client, timeoutMs: 60_000 })
    const session = nextSession()
    loseSome(8)
    await Promise.all(range(300).map(number => store.session(session).append([human(`${number}`)])))
    proxy.use()
    expect(contents(await store.session(session).messages())).toEqual(range(300).map(String))
    client.destroy()
  })

  test('300 by a plain list_append of the SDK: some twice', async () => {
    const client = sdkClient(proxy.url, 10)
    const session = nextSession()
    loseSome(7)
    for (const number of range(300)) {
      await client.send(
        new UpdateItemCommand({
          TableName: listTableName,
          Key: { SessionId: { S: session } },
          UpdateExpression: 'SET #h = list_append(if_not_exists(#h, :e), :m)',
          ExpressionAttributeNames: { '#h': 'History' },
          ExpressionAttributeValues: { ':e': { L: [] }, ':m': { L: [{ S: `${number}` }] } },
        }),
      )
    }
    proxy.use()
    const stored = (await itemOf(session)).History?.L ?? []
    expect(new Set(stored.map(({ S }) => S)).size).toBe(300)
    console.info(`a plain list_append stored ${stored.length} of 300`)
    expect(stored.length).toBeGreaterThan(310)
    client.destroy()
  })
})

describe('an expired session', () => {
  const old: Item = {
    History: { L: [{ M: { type: { S: 'human' }, data: { M: { content: { S: 'old' } } } } }] },
    expireAt: { N: '1000' },
  }

  test.each([
    [40, {}, false],
    [40, {}, true],
    [40, { ttlSeconds: 60 }, false],
    [40, { ttlSeconds: 60 }, true],
    [15, { ttlSeconds: 60, historySize: 100 }, false],
    [15, { historySize: 100 }, true],
  ] as const)('%i appends at once (%j, faults: %j) are kept, the old content is gone', async (appends, options, faults) => {
    const session = nextSession()
    await put(session, old)
    if (faults) loseSome(9)
    const client = sdkClient(proxy.url)
    const store = () => createDynamoDBHistory({ tableName: listTableName, layout: 'list', client, timeoutMs: 60_000, ...options })
    await Promise.all(
      range(appends).map(number =>
        store()
          .session(session)
          .append([human(`${number}`)]),
      ),
    )
    const updates = proxy.count('UpdateItem')
    proxy.use()
    const texts = contents(await store().session(session).messages()).map(Number)
    expect(texts.sort((one, other) => one - other)).toEqual(range(appends))
    const { expireAt } = await itemOf(session)
    expect(expireAt === undefined).toBe(!('ttlSeconds' in options))
    if (!faults && !('historySize' in options)) expect(updates).toBeLessThanOrEqual(3 * appends)
    client.destroy()
  })

  test('a repeat brings nothing back', async () => {
    const clock = createTestClock()
    const chat = list({ ttlSeconds: 60, clock }).session(nextSession())
    const id = await chat.append([human('short')])
    clock.advance(61_000)
    await chat.append([human('short')], { id })
    expect(await chat.messages()).toEqual([])
    const next = await chat.append([human('next')])
    await chat.append([human('short')], { id })
    await chat.append([human('next')], { id: next })
    expect(contents(await chat.messages())).toEqual(['next'])
  })

  test('every append puts the end off; one with an old id does not bring it nearer', async () => {
    const clock = createTestClock()
    const chat = list({ ttlSeconds: 60, clock }).session(nextSession())
    const id = chat.nextAppendId()
    for (const number of range(3)) {
      await chat.append([human(`${number}`)])
      clock.advance(50_000)
    }
    await chat.append([human('late')], { id })
    clock.advance(59_000)
    expect(await chat.messages()).toHaveLength(4)
    clock.advance(1_000)
    expect(await chat.messages()).toEqual([])
  })
})

describe('many writers', () => {
  test('40 appends at once are kept, in the order of each writer', async () => {
    const session = nextSession()
    await Promise.all(
      range(8).map(async writer => {
        const chat = list().session(session)
        for (const number of range(5)) await chat.append([human(`${writer}.${number}`), human(`${writer}.${number}b`)])
      }),
    )
    const stored = contents(await list().session(session).messages()).map(String)
    expect(stored).toHaveLength(80)
    for (const writer of range(8)) {
      const own = stored.filter(text => text.startsWith(`${writer}.`))
      expect(own).toEqual(range(5).flatMap(number => [`${writer}.${number}`, `${writer}.${number}b`]))
    }
  })

  test('an append is one request, whatever the session holds; the first of a client looks at the keys', async () => {
    const chat = list().session(nextSession())
    proxy.reset()
    for (const number of range(5)) await chat.append([human(`${number}`)])
    expect(Object.fromEntries(proxy.counts)).toEqual({ GetItem: 1, UpdateItem: 5 })
  })
})

test.each(UNHEARD)('an append after which the client dies (%s) can be repeated by another', async fault => {
  const session = nextSession()
  const chat = list({ timeoutMs: 1_500 }).session(session)
  const id = chat.nextAppendId()
  proxy.use(({ operation }) => (operation === 'UpdateItem' ? fault : undefined))
  await expect(chat.append([human('once')], { id })).rejects.toMatchObject({ outcome: 'unknown', appendId: id })
  proxy.use()
  await list()
    .session(session)
    .append([human('once')], { id })
  expect(contents(await list().session(session).messages())).toEqual(['once'])
})
