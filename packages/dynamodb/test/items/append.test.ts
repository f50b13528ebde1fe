import { randomBytes } from 'node:crypto'
import { PutItemCommand, type PutItemCommandInput } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import { contents, human } from '../../../core/test/messages.js'
import { range } from '../../../core/test/numbers.js'
import { noise } from '../database.js'
import { database, nextSession, proxy, tableName } from '../fixture.js'

function storedKeys(items: Record<string, { S?: string }>[]): string[] {
  return items.map(item => item.SK?.S ?? '')
}

describe('what is stored', () => {
  test('one item for each append: JSON texts, in one put and no read', async () => {
    const session = nextSession()
    const chat = database.store({ tableName }, proxy.url).session(session)
    await chat.append([human('warm up')])
    proxy.reset()
    const id = await chat.append([human('hi'), { type: 'ai', data: { content: 'hello', tool_calls: [] } }])
    expect(Object.fromEntries(proxy.counts)).toEqual({ PutItem: 1 })
    const item = (await database.items(tableName, session))[1]
    expect(item).toMatchObject({ SessionId: { S: session }, SK: { S: `m#${id}` }, n: { N: '2' } })
    expect(Object.keys(item ?? {}).sort()).toEqual(['SK', 'SessionId', 'b', 'n'])
    expect(item?.b?.L?.map(text => JSON.parse(text.S ?? ''))).toMatchObject([
      { type: 'human', data: { content: 'hi' } },
      { type: 'ai', data: { content: 'hello', tool_calls: [] } },
    ])
  })

  test('compress: false keeps texts readable, and every reader reads both', async () => {
    const session = nextSession()
    const prose = 'to be or not to be, that is the question. '.repeat(200)
    const stores = [database.store({ tableName, compress: false }), database.store({ tableName })]
    for (const store of stores) await store.session(session).append([human(prose), human('end')])
    const [plain, zipped] = await database.items(tableName, session)
    expect(plain?.b?.L?.[0]?.S).toContain(prose)
    expect(zipped?.c?.S).toBe('gzip')
    expect(zipped?.z?.B?.length).toBeLessThan(1_024)
    for (const store of stores) expect(contents(await store.session(session).messages())).toEqual([prose, 'end', prose, 'end'])
  })

  test('an empty append stores nothing', async () => {
    const session = nextSession()
    await database.store({ tableName }).session(session).append([])
    expect(await database.items(tableName, session)).toEqual([])
  })

  test('1,000 messages of one append stay together and in order', async () => {
    const chat = database.store({ tableName }).session(nextSession())
    const texts = range(1_000).map(number => `message ${number} ${noise(300)}`)
    await chat.append(texts.map(human))
    expect(contents(await chat.messages())).toEqual(texts)
    expect(contents(await chat.messages({ last: 3 }))).toEqual(texts.slice(-3))
  })
})

describe('large appends', () => {
  test('30 messages of 20 KB in one append, and 30 such appends', async () => {
    const chat = database.store({ tableName }).session(nextSession())
    const texts = range(30).map(number => `${number} ${noise(20_000)}`)
    await chat.append(texts.map(human))
    expect(contents(await chat.messages())).toEqual(texts)
    for (const text of texts) await chat.append([human(text)])
    expect(contents(await chat.messages())).toEqual([...texts, ...texts])
  })

  test('one message of 1.5 MB: parts in order, then the head; parts are never read as messages', async () => {
    const session = nextSession()
    const order: string[] = []
    const chat = database.store({ tableName, compress: false }, proxy.url).session(session)
    await chat.append([human('before')])
    proxy.use(request => {
      if (request.operation === 'PutItem') order.push((request.json() as PutItemCommandInput).Item?.SK?.S ?? '')
      return undefined
    })
    const text = 'x'.repeat(1_500_000)
    const id = await chat.append([human(text)])
    await chat.append([human('after')])
    expect(order).toHaveLength(6)
    const attempt = /^p#(.+)#([0-9a-f]{16})#00000$/.exec(order[0] ?? '')
    expect(attempt?.[1]).toBe(id)
    expect(order.slice(0, 5)).toEqual([...range(4).map(part => `p#${id}#${attempt?.[2]}#0000${part}`), `m#${id}`])
    const items = await database.items(tableName, session)
    expect(items.find(item => item.SK?.S === `m#${id}`)).toMatchObject({ n: { N: '1' }, p: { N: '4' }, a: { S: attempt?.[2] } })
    expect(contents(await chat.messages())).toEqual(['before', text, 'after'])
    expect(contents(await chat.messages({ last: 2 }))).toEqual([text, 'after'])
    proxy.reset()
    await chat.messages()
    expect(Object.fromEntries(proxy.counts)).toEqual({ Query: 3 })
  })

  test('CJK text of 600,000 bytes, which has only 200,000 characters', async () => {
    const session = nextSession()
    const chat = database.store({ tableName, compress: false }).session(session)
    const text = '歴史'.repeat(100_000)
    await chat.append([human(text)])
    expect(contents(await chat.messages())).toEqual([text])
    expect(storedKeys(await database.items(tableName, session)).filter(key => key.startsWith('p#'))).toHaveLength(2)
  })

  test('16 MiB in one message; one byte more is TOO_LARGE and writes nothing', async () => {
    const session = nextSession()
    const store = database.store({ tableName, timeoutMs: 60_000 }, proxy.url)
    const chat = store.session(session)
    const frame = JSON.stringify({ type: 'human', data: { content: '' }, hist: { v: 1 } }).length
    const text = noise(store.supports.maxMessageBytes - frame - 100)
    await chat.append([human(text)])
    expect((await chat.messages())[0]?.data.content === text).toBe(true)
    const puts = proxy.count('PutItem')
    await expect(chat.append([human(noise(store.supports.maxMessageBytes))])).rejects.toMatchObject({
      code: 'TOO_LARGE',
      outcome: 'failed',
    })
    expect(proxy.count('PutItem')).toBe(puts)
  })

  test('24 MB in one append become visible at once: refused at the last part or at the head, nothing is', async () => {
    const session = nextSession()
    const chat = database.store({ tableName, timeoutMs: 60_000 }, proxy.url).session(session)
    const texts = [noise(12_000_000), noise(12_000_000)]
    let refuse: (sortKey: string) => boolean = sortKey => sortKey.startsWith('m#')
    proxy.use(request => {
      if (request.operation !== 'PutItem') return undefined
      return refuse(/"SK":\{"S":"([^"]+)"/.exec(request.body.toString('latin1'))?.[1] ?? '')
        ? { status: 400, body: { __type: 'x#AccessDeniedException' } }
        : 'pass'
    })
    await expect(chat.append(texts.map(human))).rejects.toMatchObject({ code: 'ACCESS_DENIED', outcome: 'failed' })
    refuse = sortKey => sortKey.endsWith('#00040')
    await expect(chat.append(texts.map(human))).rejects.toMatchObject({ code: 'ACCESS_DENIED', outcome: 'failed' })
    expect(await chat.messages()).toEqual([])
    refuse = () => false
    await chat.append(texts.map(human))
    const stored = await chat.messages()
    expect(stored.map((message, index) => message.data.content === texts[index])).toEqual([true, true])
  })
})

describe('order and repeats', () => {
  test('a repeat with the same id is a no-op, small and split, also from another client', async () => {
    for (const size of [10, 1_000_000]) {
      const session = nextSession()
      const chat = database.store({ tableName }).session(session)
      const messages = [human(noise(size)), human('second')]
      const id = await chat.append(messages)
      await chat.append(messages, { id })
      await database.store({ tableName }).session(session).append(messages, { id })
      expect(contents(await chat.messages())).toEqual(contents(messages))
      expect(storedKeys(await database.items(tableName, session)).filter(key => key.startsWith('m#'))).toHaveLength(1)
    }
  })

  test('a repeat of a split append finds its head, and writes no parts', async () => {
    const chat = database.store({ tableName, compress: false }, proxy.url).session(nextSession())
    const messages = [human(noise(1_000_000))]
    const id = await chat.append(messages)
    proxy.reset()
    await chat.append(messages, { id })
    expect(Object.fromEntries(proxy.counts)).toEqual({ GetItem: 1 })
  })

  test('the condition keeps a repeat with other messages from replacing anything', async () => {
    const chat = database.store({ tableName }).session(nextSession())
    const id = await chat.append([human('kept')])
    await chat.append([human('something else')], { id })
    expect(contents(await chat.messages())).toEqual(['kept'])
  })

  test('400 appends of 16 clients at once: all kept, each client in its order', async () => {
    const session = nextSession()
    await Promise.all(
      range(16).map(async writer => {
        const chat = database.store({ tableName }).session(session)
        for (const number of range(25)) await chat.append([human(`${writer} ${number} a`), human(`${writer} ${number} b`)])
      }),
    )
    const stored = contents(await database.store({ tableName }).session(session).messages()).map(String)
    expect(stored).toHaveLength(800)
    for (const writer of range(16)) {
      const own = stored.filter(text => text.startsWith(`${writer} `))
      expect(own).toEqual(range(25).flatMap(number => [`${writer} ${number} a`, `${writer} ${number} b`]))
    }
    for (let index = 0; index < stored.length; index += 2) expect(stored[index + 1]).toBe(stored[index]?.replace(/a$/, 'b'))
  })

  test('a piece that is not the first is refused rather than taken for a repeat', async () => {
    const { DynamoDBBackend } = await import('@hist/dynamodb/store')
    const backend = new DynamoDBBackend({ tableName, ...database.own() })
    const call = {
      signal: new AbortController().signal,
      remainingMs: () => 1_000,
      request: <T>(_limitMs: number, start: (signal: AbortSignal) => Promise<T>) => start(new AbortController().signal),
    }
    const batch = { id: '017636543210123456-1a2b3c4d5e6f7081', firstIndex: 3, bodies: ['{}'], repeat: false }
    await expect(backend.append('s', batch, call)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await backend.close()
  })

  test('session ids of any kind do not mix', async () => {
    const store = database.store({ tableName })
    const ids = [
      'a',
      'A',
      'a ',
      'a#',
      'm#',
      'a\u0000',
      'é',
      'e\u0301',
      '🙂',
      '"',
      "'",
      'a/b',
      '__proto__',
      'x'.repeat(1_024),
      '歴'.repeat(341),
    ]
    for (const id of ids) await store.session(id).append([human(id)])
    for (const id of ids) expect(contents(await store.session(id).messages())).toEqual([id])
  })
})

describe('entries of others', () => {
  test('an item that is not ours is CORRUPT_ENTRY, or left out with a warning', async () => {
    const session = nextSession()
    const chat = database.store({ tableName }).session(session)
    await chat.append([human('first')])
    const odd = [
      { SK: { S: 'm#' }, n: { N: '1' }, b: { L: [{ S: '{}' }] } },
      { SK: { S: 'm#note' }, n: { N: '1' } },
      { SK: { S: `m#017636543210123456-${randomBytes(8).toString('hex').replace(/^./, '1')}` }, n: { N: '1' } },
    ]
    for (const attributes of odd) {
      const Item = { SessionId: { S: session }, ...attributes }
      await database.client.send(new PutItemCommand({ TableName: tableName, Item }))
    }
    await chat.append([human('last')])
    await expect(chat.messages()).rejects.toMatchObject({ code: 'CORRUPT_ENTRY' })
    const warnings: string[] = []
    const lenient = database
      .store({ tableName, onCorruptEntry: 'skip', onWarning: warning => warnings.push(warning.code) })
      .session(session)
    expect(contents(await lenient.messages())).toEqual(['first', 'last'])
    expect(warnings).toEqual(['SKIPPED_ENTRY', 'SKIPPED_ENTRY', 'SKIPPED_ENTRY'])
    const walked: unknown[] = []
    for await (const entry of lenient.entries({ pageSize: 1, order: 'newest-first' })) walked.push(entry.message.data.content)
    expect(walked).toEqual(['last', 'first'])
  })

  test('a removed entry (n = 0) is no message', async () => {
    const session = nextSession()
    const chat = database.store({ tableName }).session(session)
    const id = await chat.append([human('removed')])
    await chat.append([human('kept')])
    const Item = { SessionId: { S: session }, SK: { S: `m#${id}` }, n: { N: '0' } }
    await database.client.send(new PutItemCommand({ TableName: tableName, Item }))
    expect(contents(await chat.messages())).toEqual(['kept'])
    expect(contents(await chat.messages({ last: 5 }))).toEqual(['kept'])
  })
})
