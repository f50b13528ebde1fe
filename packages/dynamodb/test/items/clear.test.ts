import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import { createTestClock } from '@hist/core/conformance'
import { halveBatchWrite, throttle } from '@hist/fault-proxy'
import { describe, expect, test } from 'vitest'
import { contents, human } from '../../../core/test/messages.js'
import { range } from '../../../core/test/numbers.js'
import { noise } from '../database.js'
import { database, nextSession, proxy, tableName } from '../fixture.js'

async function sortKeys(session: string): Promise<string[]> {
  return (await database.items(tableName, session)).map(item => item.SK?.S ?? '')
}

describe('clear', () => {
  test('removes heads and parts of this session only, by batches of 25', async () => {
    const [session, other] = [nextSession(), nextSession()]
    const store = database.store({ tableName, compress: false }, proxy.url)
    await Promise.all(range(60).map(number => store.session(session).append([human(`${number}`)])))
    await store.session(session).append([human(noise(1_500_000))])
    await store.session(other).append([human('kept')])
    proxy.reset()
    await store.session(session).clear()
    expect(await sortKeys(session)).toEqual([])
    expect(Object.fromEntries(proxy.counts)).toEqual({ Query: 4, BatchWriteItem: 5 })
    expect(await store.session(other).messages()).toHaveLength(1)
    await store.session(session).clear()
  })

  test('more than one page of keys', async () => {
    const session = nextSession()
    const store = database.store({ tableName, compress: false, timeoutMs: 60_000 }, proxy.url)
    const text = 'x'.repeat(100_000)
    for (const number of range(25)) await store.session(session).append([human(`${number} ${text}`)])
    proxy.reset()
    await store.session(session).clear()
    expect(proxy.count('Query')).toBeGreaterThanOrEqual(5)
    expect(await sortKeys(session)).toEqual([])
  })

  test('every batch half done: what comes back unprocessed is deleted too, heads before parts', async () => {
    const session = nextSession()
    const store = database.store({ tableName, compress: false, timeoutMs: 60_000 }, proxy.url)
    await Promise.all(range(200).map(number => store.session(session).append([human(`${number}`)])))
    await store.session(session).append([human(noise(1_500_000))])
    const deleted: string[] = []
    proxy.use(request => {
      if (request.operation !== 'BatchWriteItem') return undefined
      for (const [, kind = ''] of request.body.toString().matchAll(/"SK":\{"S":"(.)/g)) deleted.push(kind)
      return halveBatchWrite(request)
    })
    await store.session(session).clear()
    expect(await sortKeys(session)).toEqual([])
    expect(deleted.lastIndexOf('m')).toBeLessThan(deleted.indexOf('p'))
  })

  test('goes on where it was throttled or cut off, within its deadline', async () => {
    const session = nextSession()
    const store = database.store({ tableName, timeoutMs: 60_000 }, proxy.url)
    await Promise.all(range(120).map(number => store.session(session).append([human(`${number}`)])))
    proxy.reset()
    proxy.use(({ nth, operation }) => (nth % 2 === 0 ? undefined : operation === 'Query' ? 'drop-before' : throttle()))
    await store.session(session).clear()
    expect(await sortKeys(session)).toEqual([])
    expect(proxy.count('BatchWriteItem')).toBe(10)
  })

  test('that never gets on ends at its deadline, unknown; a repeat completes it', async () => {
    const session = nextSession()
    const store = database.store({ tableName }, proxy.url)
    await Promise.all(range(40).map(number => store.session(session).append([human(`${number}`)])))
    proxy.use(request => {
      if (request.operation !== 'BatchWriteItem') return undefined
      return request.nth === 1
        ? halveBatchWrite(request)
        : { status: 200, body: { UnprocessedItems: (request.json() as { RequestItems: unknown }).RequestItems } }
    })
    await expect(store.session(session).clear({ timeoutMs: 1_500 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      outcome: 'unknown',
    })
    expect(contents(await store.session(session).messages())).toHaveLength(27)
    proxy.use()
    await store.session(session).clear()
    expect(await sortKeys(session)).toEqual([])
  })

  test('a busy writer does not make it endless, and what comes after it is kept', async () => {
    const session = nextSession()
    const writer = database.store({ tableName }).session(session)
    let writing = true
    let last = ''
    const writes = (async () => {
      for (let number = 0; writing; number++) {
        last = `${number}`
        await writer.append([human(last), human(last)])
      }
    })()
    const clearer = database.store({ tableName }).session(session)
    for (const _ of range(5)) await clearer.clear()
    await clearer.append([human('after the clear')])
    writing = false
    await writes
    const left = contents(await clearer.messages()).map(String)
    expect(left).toContain('after the clear')
    expect(left.filter(text => text === last)).toHaveLength(2)
    // None torn.
    for (const text of new Set(left)) if (text !== 'after the clear') expect(left.filter(other => other === text)).toHaveLength(2)
  })

  test('what was appended after it looked for the newest item is kept', async () => {
    const session = nextSession()
    const chat = database.store({ tableName }, proxy.url).session(session)
    await chat.append([human('old')])
    const other = database.store({ tableName }).session(session)
    proxy.reset()
    proxy.use(async ({ operation, nth }) => {
      if (operation === 'Query' && nth === 2) await other.append([human('new'), human(noise(900_000))])
      return undefined
    })
    await chat.clear()
    expect((await other.messages()).length).toBe(2)
  })

  test('covers a writer whose clock runs ahead; appends that have seen the clear sort after it', async () => {
    const session = nextSession()
    const ahead = createTestClock()
    ahead.advance(10 * 60_000)
    await database
      .store({ tableName, clock: ahead })
      .session(session)
      .append([human('from the future')])
    const chat = database.store({ tableName, clock: createTestClock() }).session(session)
    await chat.clear()
    expect(await sortKeys(session)).toEqual([])
    await chat.append([human('a')])
    const [key] = await sortKeys(session)
    expect(BigInt(key?.slice(2, 20) ?? 0)).toBeGreaterThan(ahead.now())
  })

  test('removes expired items as well', async () => {
    const session = nextSession()
    const clock = createTestClock()
    const chat = database.store({ tableName, ttlSeconds: 1, clock }).session(session)
    await chat.append([human(noise(500_000))])
    clock.advance(60_000)
    expect(await chat.messages()).toEqual([])
    await chat.clear()
    expect(await sortKeys(session)).toEqual([])
  })
})

describe('parts without a head', () => {
  const ID = '017636543210123456-1a2b3c4d5e6f7081'

  async function orphan(session: string, beganSeconds: number): Promise<void> {
    const attempt = `${beganSeconds.toString(16).padStart(8, '0')}0badcafe`
    const Item = { SessionId: { S: session }, SK: { S: `p#${ID}#${attempt}#00000` }, z: { B: Buffer.from('left behind') } }
    await database.client.send(new PutItemCommand({ TableName: tableName, Item }))
  }

  test('are never read, are kept while they may be written, and are removed after an hour', async () => {
    const session = nextSession()
    const clock = createTestClock()
    const chat = database.store({ tableName, clock }).session(session)
    const now = Math.floor(Number(clock.now() / 10_000_000n))
    await orphan(session, now - 3_500)
    await orphan(session, now - 3_700)
    expect(await chat.messages()).toEqual([])
    await chat.clear()
    expect(await sortKeys(session)).toHaveLength(1)
    clock.advance(200_000)
    await chat.append([human('x')])
    await chat.clear()
    expect(await sortKeys(session)).toEqual([])
  })

  test('of an append whose head is not put yet survive a clear, even when its id is hours old', async () => {
    const session = nextSession()
    const clock = createTestClock()
    const writer = database.store({ tableName, clock, timeoutMs: 30_000 }, proxy.url).session(session)
    const id = writer.nextAppendId()
    clock.advance(5 * 3_600_000)
    const text = noise(1_000_000)
    let arrived: () => void = () => undefined
    let cleared: () => void = () => undefined
    const headArrived = new Promise<void>(resolve => {
      arrived = resolve
    })
    const clearEnded = new Promise<void>(resolve => {
      cleared = resolve
    })
    let held = false
    proxy.use(async request => {
      if (held || request.operation !== 'PutItem' || !request.body.includes(`m#${id}`)) return undefined
      held = true
      arrived()
      await clearEnded
      return undefined
    })
    const append = writer.append([human(text)], { id })
    await headArrived
    await database.store({ tableName, clock }).session(session).clear()
    cleared()
    await append
    expect(contents(await writer.messages())).toEqual([text])
  })
})
