import { BatchWriteItemCommand, DeleteItemCommand } from '@aws-sdk/client-dynamodb'
import { createTestClock } from '@hist/core/conformance'
import { DynamoDBBackend } from '@hist/dynamodb/store'
import { describe, expect, test } from 'vitest'
import { contents, human } from '../../../core/test/messages.js'
import { range } from '../../../core/test/numbers.js'
import { noise } from '../database.js'
import { database, nextSession, proxy, tableName } from '../fixture.js'

describe('windows and pages', () => {
  test('the newest 20 of 10,000 messages are one Query', async () => {
    const session = nextSession()
    // As the library writes them, 25 at a time.
    const item = (number: number) => ({
      SessionId: { S: session },
      SK: { S: `m#0176365432100${number.toString().padStart(5, '0')}-1a2b3c4d5e6f7081` },
      n: { N: '1' },
      b: { L: [{ S: JSON.stringify({ type: 'human', data: { content: `${number}` }, hist: { v: 1 } }) }] },
    })
    for (let start = 0; start < 10_000; start += 25) {
      const requests = range(25).map(offset => ({ PutRequest: { Item: item(start + offset) } }))
      await database.client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }))
    }
    const chat = database.store({ tableName }, proxy.url).session(session)
    expect(contents(await chat.messages({ last: 20 }))).toEqual(range(20).map(number => `${9_980 + number}`))
    expect(Object.fromEntries(proxy.counts)).toEqual({ Query: 1 })
    proxy.reset()
    expect(contents(await chat.messages({ last: 1_000 }))).toHaveLength(1_000)
    expect(Object.fromEntries(proxy.counts)).toEqual({ Query: 1 })
    expect(contents(await chat.messages())).toEqual(range(10_000).map(String))
    expect(contents(await chat.messages({ last: 2_500 }))).toEqual(range(2_500).map(number => `${7_500 + number}`))
    expect(contents(await chat.messages({ last: 20_000 }))).toHaveLength(10_000)
  })

  test('cursors point into the middle of an append, in both directions, whatever the page size', async () => {
    const chat = database.store({ tableName }).session(nextSession())
    const texts = [5, 1, 3, 1, 7, 2].flatMap((count, append) => range(count).map(index => `${append}.${index}`))
    for (const append of range(6)) await chat.append(texts.filter(text => text.startsWith(`${append}.`)).map(human))
    for (const pageSize of [1, 2, 3, 4, 5, 50]) {
      for (const order of ['oldest-first', 'newest-first'] as const) {
        const expected = order === 'oldest-first' ? texts : texts.toReversed()
        const ids: string[] = []
        const walked: unknown[] = []
        for await (const entry of chat.entries({ pageSize, order })) {
          ids.push(entry.id)
          walked.push(entry.message.data.content)
        }
        expect(walked).toEqual(expected)
        for (const [index, from] of ids.entries()) {
          const rest: unknown[] = []
          for await (const entry of chat.entries({ pageSize, order, from })) rest.push(entry.message.data.content)
          expect(rest).toEqual(expected.slice(index + 1))
        }
      }
    }
  })

  test('a page behind a cursor is one Query, however small', async () => {
    const chat = database.store({ tableName }).session(nextSession())
    for (const number of range(4)) await chat.append([human(`${number}`)])
    const backend = new DynamoDBBackend({ tableName, ...database.own(proxy.url) })
    for (const order of ['oldest-first', 'newest-first'] as const) {
      const first = await backend.read(chat.sessionId, { order, limit: 1 }, unlimitedCall())
      proxy.reset()
      const second = await backend.read(chat.sessionId, { order, limit: 1, from: first.next ?? '' }, unlimitedCall())
      expect(second.entries.map(entry => JSON.parse(String(entry.body)).data.content)).toEqual([
        order === 'oldest-first' ? '1' : '2',
      ])
      expect(proxy.count('Query')).toBe(1)
    }
    await backend.close()
  })

  test('pages that end at 1 MB, and split appends among small ones', async () => {
    const chat = database.store({ tableName, compress: false, timeoutMs: 60_000 }).session(nextSession())
    const texts = range(60).map(number => `${number} ${noise(number % 7 === 0 ? 900_000 : number % 3 === 0 ? 90_000 : 10)}`)
    for (const text of texts) await chat.append([human(text)])
    const same = (read: unknown[], expected: unknown[]) =>
      read.length === expected.length && read.every((text, index) => text === expected[index])
    expect(same(contents(await chat.messages()), texts)).toBe(true)
    expect(same(contents(await chat.messages({ last: 45 })), texts.slice(-45))).toBe(true)
    for (const order of ['oldest-first', 'newest-first'] as const) {
      const walked: unknown[] = []
      for await (const entry of chat.entries({ order, pageSize: 7 })) walked.push(entry.message.data.content)
      expect(same(walked, order === 'oldest-first' ? texts : texts.toReversed())).toBe(true)
    }
  })

  test('a slice ends after 4 MB of loaded parts', async () => {
    const session = nextSession()
    const store = database.store({ tableName, timeoutMs: 60_000 })
    for (const _ of range(6)) await store.session(session).append([human(noise(2_000_000))])
    const backend = new DynamoDBBackend({ tableName, ...database.own() })
    const slice = await backend.read(session, { order: 'oldest-first' }, unlimitedCall())
    expect(slice.entries).toHaveLength(3)
    expect(slice.next).toBe(slice.entries[2]?.position)
    await backend.close()
    expect(await store.session(session).messages()).toHaveLength(6)
  })

  test('a malformed position is the caller’s mistake', async () => {
    const backend = new DynamoDBBackend({ tableName, ...database.own() })
    for (const from of ['', 'x', '017636543210123456-1a2b3c4d5e6f7081', '017636543210123456-1a2b3c4d5e6f7081#1']) {
      await expect(backend.read('s', { order: 'oldest-first', from }, unlimitedCall())).rejects.toThrow(TypeError)
    }
    await backend.close()
  })

  test('consistentRead is asked for unless it is switched off', async () => {
    const asked: unknown[] = []
    proxy.use(request => {
      if (request.operation === 'Query') asked.push((request.json() as { ConsistentRead: unknown }).ConsistentRead)
      return undefined
    })
    for (const options of [{}, { consistentRead: true }, { consistentRead: false }]) {
      await database
        .store({ tableName, ...options }, proxy.url)
        .session('s')
        .messages()
    }
    expect(asked).toEqual([true, true, false])
  })
})

describe('parts that are missing', () => {
  async function splitAppend(): Promise<{ session: string; keys: string[] }> {
    const session = nextSession()
    const store = database.store({ tableName })
    await store.session(session).append([human('before')])
    await store.session(session).append([human(noise(1_000_000))])
    await store.session(session).append([human('after')])
    return { session, keys: (await database.items(tableName, session)).map(item => item.SK?.S ?? '') }
  }

  test('below a head that is there: CORRUPT_ENTRY', async () => {
    const { session, keys } = await splitAppend()
    const part = keys.find(key => key.startsWith('p#')) ?? ''
    await database.client.send(
      new DeleteItemCommand({ TableName: tableName, Key: { SessionId: { S: session }, SK: { S: part } } }),
    )
    const chat = database.store({ tableName }).session(session)
    await expect(chat.messages()).rejects.toMatchObject({ code: 'CORRUPT_ENTRY', message: expect.stringMatching(/parts/) })
    const lenient = database.store({ tableName, onCorruptEntry: 'skip', onWarning: () => undefined }).session(session)
    expect(contents(await lenient.messages())).toEqual(['before', 'after'])
  })

  test('because of a clear between the two queries: the append is gone, nothing is corrupt', async () => {
    const { session } = await splitAppend()
    const reader = database.store({ tableName }, proxy.url).session(session)
    const writer = database.store({ tableName }).session(session)
    let cleared: Promise<unknown> | undefined
    proxy.use(({ operation, nth }) => {
      if (operation !== 'Query') return undefined
      // The page of heads is read, and changed by nobody; the parts are asked for when they are gone.
      return nth === 1 ? { rewrite: answer => answer } : undefined
    })
    const backend = new DynamoDBBackend({ tableName, ...database.own(proxy.url) })
    const call = unlimitedCall()
    const request = call.request.bind(call)
    let requests = 0
    call.request = async (limitMs, start) => {
      if (requests++ === 1) {
        cleared ??= writer.clear()
        await cleared
      }
      return request(limitMs, start)
    }
    const slice = await backend.read(session, { order: 'oldest-first' }, call)
    expect(slice.entries.map(entry => typeof entry.body)).toEqual(['string', 'string'])
    expect(await reader.messages()).toEqual([])
    await backend.close()
  })

  test('because a replica lags behind: they are read again, consistently', async () => {
    const { session } = await splitAppend()
    const asked: unknown[] = []
    proxy.use(request => {
      if (request.operation !== 'Query') return undefined
      const query = request.json() as { ConsistentRead: boolean; ExpressionAttributeValues: Record<string, { S: string }> }
      if (!query.ExpressionAttributeValues[':low']?.S.startsWith('p#')) return undefined
      asked.push(query.ConsistentRead)
      if (query.ConsistentRead) return undefined
      return { rewrite: answer => ({ ...(answer as object), Items: (answer as { Items: unknown[] }).Items.slice(1) }) }
    })
    const chat = database.store({ tableName, consistentRead: false }, proxy.url).session(session)
    expect(await chat.messages()).toHaveLength(3)
    expect(asked[0]).toBe(false)
    expect(asked.at(-1)).toBe(true)
  })
})

describe('expiry', () => {
  test('by the store’s clock, message by message, though the server deletes nothing', async () => {
    const session = nextSession()
    const clock = createTestClock()
    const chat = database.store({ tableName, ttlSeconds: 60, clock, compress: false }).session(session)
    await chat.append([human('old'), human(noise(500_000))])
    clock.advance(30_000)
    await chat.append([human('young')])
    clock.advance(29_000)
    expect(await chat.messages()).toHaveLength(3)
    clock.advance(1_000)
    expect(contents(await chat.messages())).toEqual(['young'])
    expect(contents(await chat.messages({ last: 1 }))).toEqual(['young'])
    const page = await chat.page({ limit: 1 })
    expect([contents(page.entries.map(entry => entry.message)), page.older]).toEqual([['young'], undefined])
    clock.advance(60_000)
    expect(await chat.messages()).toEqual([])
    const items = await database.items(tableName, session)
    expect(items).toHaveLength(4)
    expect(new Set(items.map(item => item.expireAt?.N)).size).toBe(2)
    expect(items.every(item => item.expireAt !== undefined)).toBe(true)
  })

  test('a live message behind 1,500 expired ones is found', async () => {
    const session = nextSession()
    const clock = createTestClock()
    const store = database.store({ tableName, ttlSeconds: 60, clock })
    await store.session(session).append([human('first')])
    clock.advance(1)
    for (const _ of range(60)) await Promise.all(range(25).map(() => store.session(session).append([human('expired')])))
    clock.advance(61_000)
    await store.session(session).append([human('alive')])
    const forever = database.store({ tableName, clock }, proxy.url).session(session)
    await forever.append([human('without end')])
    expect(contents(await forever.messages({ last: 1 }))).toEqual(['without end'])
    proxy.reset()
    expect(contents(await forever.messages({ last: 3 }))).toEqual(['alive', 'without end'])
    expect(proxy.count('Query')).toBeLessThanOrEqual(6)
    const oldest: unknown[] = []
    for await (const entry of forever.entries({ pageSize: 1 })) oldest.push(entry.message.data.content)
    expect(oldest).toEqual(['alive', 'without end'])
    clock.advance(61_000)
    expect(contents(await forever.messages())).toEqual(['without end'])
  })

  test('under a name that is a reserved word', async () => {
    const clock = createTestClock()
    const chat = database.store({ tableName, ttlSeconds: 1, ttlKeyName: 'ttl', clock }).session(nextSession())
    await chat.append([human('x')])
    expect(await chat.messages()).toHaveLength(1)
    clock.advance(1_000)
    expect(await chat.messages()).toEqual([])
  })
})

function unlimitedCall() {
  return {
    signal: new AbortController().signal,
    remainingMs: () => 60_000,
    request<T>(_limitMs: number, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
      return start(new AbortController().signal)
    },
  }
}
