import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { HistoryStore } from '@hist/core'
import { createTestClock } from '@hist/core/conformance'
import type { ListLayoutOptions } from '@hist/dynamodb/store'
import { describe, expect, test } from 'vitest'
import { contents, human } from '../../../core/test/messages.js'
import { range } from '../../../core/test/numbers.js'
import type { Item } from '../database.js'
import { database, listTableName, nextSession, proxy } from '../fixture.js'

type Options = Partial<Extract<ListLayoutOptions, { key?: never }>>

function list(options: Options = {}): HistoryStore {
  return database.store({ tableName: listTableName, timeoutMs: 60_000, ...options, layout: 'list' }, proxy.url)
}

async function itemOf(session: string): Promise<Item> {
  return (await database.items(listTableName, session))[0] ?? {}
}

describe('historySize', () => {
  test('12 writers at once keep exactly as many, the last of each writer being newer than the ones before', async () => {
    const session = nextSession()
    await Promise.all(
      range(12).map(async writer => {
        const chat = list({ historySize: 5 }).session(session)
        for (const number of range(4)) await chat.append([human(`${writer}.${number}`)])
      }),
    )
    const item = await itemOf(session)
    expect(item.History?.L).toHaveLength(5)
    expect(item.base?.N).toBe('43')
    console.info(`12 writers, 48 appends: ${proxy.count('UpdateItem')} updates`)
  })

  test('keeps the newest; an append of more keeps its own newest; a shorter one what there is', async () => {
    const session = nextSession()
    const chat = list({ historySize: 3 }).session(session)
    const texts = async () => contents(await chat.messages())
    await chat.append([human('a')])
    expect(await texts()).toEqual(['a'])
    await chat.append([human('b'), human('c')])
    expect(await texts()).toEqual(['a', 'b', 'c'])
    await chat.append([human('d')])
    expect(await texts()).toEqual(['b', 'c', 'd'])
    await chat.append(range(5).map(number => human(`${number}`)))
    expect(await texts()).toEqual(['2', '3', '4'])
  })

  test("a store without it appends beyond, and the next one with it trims; Python's elements stay as they are", async () => {
    const session = nextSession()
    const python = {
      M: { type: { S: 'human' }, data: { M: { content: { S: 'p' }, name: { NULL: true }, raw: { B: new Uint8Array([1]) } } } },
    } as const
    await database.client.send(
      new PutItemCommand({ TableName: listTableName, Item: { SessionId: { S: session }, History: { L: [python, python] } } }),
    )
    await list()
      .session(session)
      .append(range(4).map(number => human(`${number}`)))
    expect(await list().session(session).messages()).toHaveLength(6)
    await list({ historySize: 6 })
      .session(session)
      .append([human('last')])
    const { History } = await itemOf(session)
    expect(History?.L?.[0]).toEqual(python)
    expect(contents(await list().session(session).messages())).toEqual(['p', '0', '1', '2', '3', 'last'])
  })

  test('a plain append that comes between is kept, also one after a clear that leaves as many messages', async () => {
    for (const clears of [false, true]) {
      const session = nextSession()
      const other = database.store({ tableName: listTableName, layout: 'list' }).session(session)
      await other.append([human('first')])
      proxy.reset()
      proxy.use(async ({ operation, nth }) => {
        if (operation !== 'UpdateItem' || nth > 1) return undefined
        if (clears) await other.clear()
        await other.append([human('between')])
        return undefined
      })
      await list({ historySize: 10 })
        .session(session)
        .append([human('ours')])
      expect(proxy.count('UpdateItem')).toBe(2)
      expect(contents(await other.messages())).toEqual(clears ? ['between', 'ours'] : ['first', 'between', 'ours'])
      proxy.reset()
    }
  })

  test('cursors survive its trims', async () => {
    const chat = list({ historySize: 6 }).session(nextSession())
    for (const number of range(6)) await chat.append([human(`${number}`)])
    const { entries } = await chat.page()
    const [third, fifth] = [entries[2]?.id ?? '', entries[4]?.id ?? '']
    for (const number of range(4)) await chat.append([human(`${number + 6}`)])
    const texts = (page: { entries: { message: { data: { content?: unknown } } }[] }) =>
      page.entries.map(entry => entry.message.data.content)
    expect(texts(await chat.page({ after: fifth }))).toEqual(['5', '6', '7', '8', '9'])
    expect(texts(await chat.page({ before: fifth }))).toEqual([])
    // What the cursor names is gone, and so are some behind it: what is left is given.
    expect(texts(await chat.page({ after: third }))).toEqual(['4', '5', '6', '7', '8', '9'])
    expect(texts(await chat.page({ before: third }))).toEqual([])
    const later: unknown[] = []
    for await (const entry of chat.entries({ from: fifth, pageSize: 2 })) later.push(entry.message.data.content)
    expect(later).toEqual(['5', '6', '7', '8', '9'])
  })

  test('with TTL: what has expired is not carried on', async () => {
    const clock = createTestClock()
    const session = nextSession()
    const chat = list({ historySize: 3, ttlSeconds: 60, clock }).session(session)
    await chat.append([human('a'), human('b')])
    const id = await chat.append([human('c')])
    clock.advance(60_000)
    expect(await chat.messages()).toEqual([])
    await chat.append([human('c')], { id })
    expect(await chat.messages()).toEqual([])
    await chat.append([human('d')])
    expect(contents(await chat.messages())).toEqual(['d'])
    await list({ historySize: 3, clock })
      .session(session)
      .append([human('e')])
    expect((await itemOf(session)).expireAt).toBeDefined()
    clock.advance(60_000)
    await list({ historySize: 3, clock })
      .session(session)
      .append([human('f')])
    expect((await itemOf(session)).expireAt).toBeUndefined()
    expect(contents(await chat.messages())).toEqual(['f'])
  })
})
