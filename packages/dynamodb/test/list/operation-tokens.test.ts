import { type AttributeValue, PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { HistoryStore } from '@hist/core'
import { createTestClock, type TestClock } from '@hist/core/conformance'
import { describe, expect, test } from 'vitest'
import { contents, human } from '../../../core/test/messages.js'
import { range } from '../../../core/test/numbers.js'
import { tokenOf } from '../../src/list/operation-tokens.js'
import type { Item } from '../database.js'
import { database, listTableName, nextSession, proxy } from '../fixture.js'

function list(options: { clock?: TestClock } = {}): HistoryStore {
  return database.store({ tableName: listTableName, ...options, layout: 'list' }, proxy.url)
}

async function itemOf(session: string): Promise<Item> {
  return (await database.items(listTableName, session))[0] ?? {}
}

describe('tokens', () => {
  const WINDOW_MS = 660_000
  const sets = (item: Item) => range(4).filter(number => item[`op${number}`] !== undefined)

  test('sets take turns and are removed: two at most while appends go on', async () => {
    const clock = createTestClock({ startMs: 1_000 * WINDOW_MS })
    const session = nextSession()
    const chat = list({ clock }).session(session)
    const seen: number[][] = []
    for (const _window of range(6)) {
      for (const number of range(3)) await chat.append([human(`${number}`)])
      seen.push(sets(await itemOf(session)))
      clock.advance(WINDOW_MS)
    }
    expect(seen).toEqual([[0], [0, 1], [1, 2], [2, 3], [0, 3], [0, 1]])
    expect((await itemOf(session)).op0?.SS).toHaveLength(3)
  })

  test('a repeat is recognised for 660 seconds, wherever in its window the append was, also while others append', async () => {
    for (const offsetMs of [0, 330_000, WINDOW_MS - 1_000]) {
      const clock = createTestClock({ startMs: 1_001 * WINDOW_MS + offsetMs })
      const chat = list({ clock }).session(nextSession())
      const id = await chat.append([human('once')])
      let others = 0
      for (const _part of range(6)) {
        clock.advance(110_000)
        await chat.append([human('other')])
        others++
        await chat.append([human('once')], { id })
      }
      expect(await chat.messages()).toHaveLength(others + 1)
    }
  })

  test('by a writer whose clock is minutes off, too', async () => {
    for (const offMs of [-600_000, 600_000]) {
      const session = nextSession()
      const clock = createTestClock({ startMs: 2_000 * WINDOW_MS + 30_000 })
      const off = createTestClock({ startMs: 2_000 * WINDOW_MS + 30_000 + offMs })
      const id = await list({ clock })
        .session(session)
        .append([human('once')])
      await list({ clock: off })
        .session(session)
        .append([human('other')])
      await list({ clock: off })
        .session(session)
        .append([human('once')], { id })
      await list({ clock })
        .session(session)
        .append([human('once')], { id })
      expect(contents(await list().session(session).messages())).toEqual(['once', 'other'])
    }
  })

  test('are looked for in all four sets', async () => {
    for (const number of range(4)) {
      const session = nextSession()
      const chat = list().session(session)
      const id = chat.nextAppendId()
      const item: Item = { SessionId: { S: session }, History: { L: [] }, [`op${number}`]: { SS: [tokenOf(id), 'other'] } }
      await database.client.send(new PutItemCommand({ TableName: listTableName, Item: item }))
      await chat.append([human('once')], { id })
      expect(await chat.messages()).toEqual([])
    }
  })

  test('are 11 characters', () => {
    expect(tokenOf('014000000000000000-0123456789abcdef')).toMatch(/^[\w-]{11}$/)
  })
})

describe('a refused condition', () => {
  test('is explained by the item in the answer, where the server gives it', async () => {
    const session = nextSession()
    const chat = list().session(session)
    const id = await chat.append([human('once')])
    const item = await itemOf(session)
    const wire = { ...item, ...Object.fromEntries(Object.entries(item).map(([name, value]) => [name, wireOf(value)])) }
    proxy.reset()
    proxy.use(({ operation }) =>
      operation === 'UpdateItem' ? { rewrite: answer => ({ ...(answer as object), Item: wire }) } : undefined,
    )
    await chat.append([human('once')], { id })
    expect([proxy.count('UpdateItem'), proxy.count('GetItem')]).toEqual([1, 0])
    expect(await chat.messages()).toHaveLength(1)
  })

  test('and by a consistent GetItem where not; if that is lost, the append is repeated', async () => {
    const session = nextSession()
    const chat = list().session(session)
    const id = await chat.append([human('once')])
    proxy.reset()
    const consistent: unknown[] = []
    proxy.use(({ operation, nth, json }) => {
      if (operation !== 'GetItem') return undefined
      consistent.push((json() as { ConsistentRead?: unknown }).ConsistentRead)
      return nth === 1 ? 'drop-before' : undefined
    })
    await chat.append([human('once')], { id })
    expect([proxy.count('UpdateItem'), consistent]).toEqual([2, [true, true]])
    expect(await chat.messages()).toHaveLength(1)
  })
})

function wireOf(value: AttributeValue): unknown {
  return JSON.parse(JSON.stringify(value))
}
