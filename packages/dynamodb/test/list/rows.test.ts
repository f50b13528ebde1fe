import { readFileSync } from 'node:fs'
import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { HistoryWarning } from '@hist/core'
import { DynamoDBChatMessageHistory } from '@hist/dynamodb'
import { HumanMessage } from '@langchain/core/messages'
import { describe, expect, test } from 'vitest'
import { human } from '../../../core/test/messages.js'
import type { Item } from '../database.js'
import { database } from '../fixture.js'

interface Case {
  item?: Item
  table?: { hash: string; range: string }
  pythonReadsBack?: string[]
}

function recorded(file: string): [name: string, item: Item, recording: Case][] {
  const { cases } = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as {
    cases: Record<string, Case>
  }
  return Object.entries(cases).flatMap(([name, recording]) =>
    recording.item === undefined ? [] : [[name, recording.item, recording]],
  )
}

/** Puts the item into a table of its own kind. */
async function tableWith(item: Item, primaryKeyName: string, sortKeyName: string | null): Promise<string> {
  const tableName = await database.createTable({ primaryKeyName, sortKeyName })
  await database.client.send(new PutItemCommand({ TableName: tableName, Item: item }))
  return tableName
}

describe("Python's items", () => {
  const items = recorded('../fixtures/python-items.json')
  const plain = items.filter(([, , { table }]) => table === undefined)

  test.each(plain)('%s', async (_name, item, { pythonReadsBack = [] }) => {
    const tableName = await tableWith(item, 'SessionId', null)
    const sessionId = item.SessionId?.S ?? ''
    const options = { tableName, layout: 'list', ...database.own(), clock: { now: () => 0n } } as const
    const history = new DynamoDBChatMessageHistory({ ...options, sessionId })
    const messages = await history.getMessages()
    const whole = pythonReadsBack.map(name => name.replace('Chunk', ''))
    expect(messages.map(message => message.constructor.name)).toEqual(whole)
    for (const [index, { M }] of (item.History?.L ?? []).entries()) {
      const { content, id, name } = M?.data?.M ?? {}
      const message = messages[index]
      expect([message?.id, message?.name ?? undefined]).toEqual([id?.S, name?.S])
      if (content?.S !== undefined) expect(message?.content).toBe(content.S)
    }
    await history.addMessage(new HumanMessage('ours'))
    const [after] = await database.items(tableName, sessionId)
    expect(after?.History?.L?.slice(0, -1)).toEqual(item.History?.L?.map(canonical))
    expect(after?.History?.L?.at(-1)?.M?.type).toEqual({ S: 'human' })
    expect(after?.History?.L?.at(-1)?.M?.data?.M?.content).toEqual({ S: 'ours' })
    expect(await history.getMessages()).toEqual([...messages, new HumanMessage('ours')])
    await history.close()
  })

  test('numbers, calls and usage are what they were', async () => {
    const itemOf = (name: string) => items.find(([other]) => other === name)?.[1] ?? {}
    const data = async (name: string) => {
      const tableName = await tableWith(itemOf(name), 'SessionId', null)
      return (await database.store({ tableName, layout: 'list' }).session(`py-${name}`).messages())[0]?.data
    }
    expect((await data('ai_floats_coerced'))?.response_metadata).toEqual({
      p: 0.30000000000000004,
      zero: 0,
      big: expect.toSatisfy(big => BigInt(big) === 10n ** 20n),
      logprob: -0.5,
      third: 0.3333333333333333,
      tiny: 1e-7,
      int_float: 2,
    })
    expect((await data('ai_big_ints'))?.response_metadata).toEqual({
      i53p1: 9007199254740993n,
      neg: -7,
      huge: 10n ** 30n,
      i53: 9007199254740992n,
    })
    expect(await data('ai_tool_calls')).toMatchObject({
      usage_metadata: { total_tokens: 15, input_token_details: { cache_read: 4 } },
      tool_calls: [
        { name: 'search', args: { q: 'x', flag: false } },
        { name: 'noargs', args: {} },
      ],
    })
    expect(await data('human_emoji')).toMatchObject({ content: itemOf('human_emoji').History?.L?.[0]?.M?.data?.M?.content?.S })
  })

  test('a composite key: of the history itself, or a function of the session', async () => {
    const [, item] = items.find(([, , { table }]) => table !== undefined) ?? []
    const tableName = await tableWith(item ?? {}, 'SessionId', 'UserID')
    const options = { tableName, layout: 'list', ...database.own() } as const
    const history = new DynamoDBChatMessageHistory({ ...options, sessionId: 'any', key: { SessionId: 's1', UserID: 'u1' } })
    expect((await history.getMessages()).map(message => message.content)).toEqual(['composite'])
    await history.addMessage(new HumanMessage('ours'))
    await history.close()
    const { tableName: _, ...more } = options
    const store = database.store({ ...more, tableName, key: (SessionId: string) => ({ SessionId, UserID: 'u1' }) })
    expect(await store.session('s1').messages()).toHaveLength(2)
    await store.session('s2').append([human('other')])
    const others = database.store({ ...more, tableName, key: (SessionId: string) => ({ SessionId, UserID: 'u2' }) })
    await others.session('s3').append([human('other')])
    expect(await others.session('s1').messages()).toEqual([])
    const ids: string[] = []
    for await (const id of store.sessions()) ids.push(id)
    expect(ids.sort()).toEqual(['s1', 's2'])
    await store.session('s1').clear()
    expect(await store.session('s1').messages()).toEqual([])
  })

  test('ttl_turn has expired for us too', async () => {
    const [, item] = items.find(([name]) => name === 'ttl_turn') ?? []
    const tableName = await tableWith(item ?? {}, 'SessionId', null)
    const at = (seconds: number) => ({ now: () => BigInt(seconds) * 10_000_000n })
    const expireAt = Number(item?.expireAt?.N)
    expect(
      await database
        .store({ tableName, layout: 'list', clock: at(expireAt - 1) })
        .session('py-ttl_turn')
        .messages(),
    ).toHaveLength(2)
    expect(
      await database
        .store({ tableName, layout: 'list', clock: at(expireAt) })
        .session('py-ttl_turn')
        .messages(),
    ).toEqual([])
  })
})

/** dynalite spells numbers its own way, wherever they are. */
function canonical(value: Item[string]): unknown {
  if (value.N !== undefined) return { N: expect.toSatisfy(digits => Number(digits) === Number(value.N)) }
  if (value.L !== undefined) return { L: value.L.map(canonical) }
  if (value.M !== undefined)
    return { M: Object.fromEntries(Object.entries(value.M).map(([name, member]) => [name, canonical(member)])) }
  return value
}

describe("the JavaScript community class's items", () => {
  const items = recorded('../../../core/test/fixtures/dynamodb-js-peer-items.json')

  test.each(items)('%s', async (name, item, { table }) => {
    const tableName = await tableWith(item, 'id', table?.range ?? null)
    const warnings: HistoryWarning[] = []
    const options = {
      tableName,
      layout: 'list',
      historyMessagesKey: 'messages',
      onWarning: (warning: HistoryWarning) => warnings.push(warning),
    } as const
    const sk = item.sk?.S
    const store = database.store(
      sk === undefined ? { ...options, primaryKeyName: 'id' } : { ...options, key: (id: string) => ({ id, sk }) },
    )
    const session = store.session(item.id?.S ?? '')
    const rows = item.messages?.L ?? []
    const messages = await session.messages()
    expect(messages.map(message => message.type)).toEqual(rows.map(({ M }) => (M?.type?.S === 'generic' ? 'chat' : M?.type?.S)))
    expect(messages.map(message => message.data.content ?? (message as unknown as { data: { text: string } }).data.text)).toEqual(
      rows.map(({ M }) => M?.text?.S),
    )
    const kwargs = rows.map(({ M }) => JSON.parse(M?.additional_kwargs?.S ?? '{}'))
    expect(messages.map(message => message.data.additional_kwargs)).toEqual(kwargs)
    expect(warnings.map(warning => warning.code)).toEqual(
      rows.flatMap(({ M }) => (M?.type?.S === 'tool' || M?.type?.S === 'function' ? ['REPAIRED_ENTRY'] : [])),
    )
    if (name === 'ai_additional_kwargs') {
      expect(messages[0]?.data.tool_calls).toEqual([{ id: 'call_9', name: 'f', args: { a: 1 }, type: 'tool_call' }])
    }
    if (name === 'function') expect(messages[0]?.data.name).toBe('')
    if (name === 'chat') expect(messages[0]?.data.role).toBe('narrator')
    await session.append([human('ours')])
    expect(await session.messages()).toEqual([...messages, human('ours')])
  })
})
