import { beforeAll, expect, test } from 'vitest'
import { contents, human } from '../../../core/test/messages.js'
import { range } from '../../../core/test/numbers.js'
import { database, proxy } from '../fixture.js'

beforeAll(async () => {
  await database.store().session('any').messages()
})

const DOCS = '/ws/commons/collections/chat/docs'
const isPatch = ({ method }: { method: string }) => method === 'PATCH'

test('an append whose answer is lost is stored once', async () => {
  const store = database.store({}, proxy.url)
  await store.session('lost').append([human('first')])
  let dropped = 0
  proxy.use(request => (isPatch(request) && dropped++ === 0 ? 'drop-after' : 'pass'))
  await store.session('lost').append([human('once'), human('twice')])
  expect(dropped).toBeGreaterThan(1)
  expect(contents(await store.session('lost').messages())).toEqual(['first', 'once', 'twice'])
  proxy.use(request => (isPatch(request) && dropped++ % 2 === 0 ? 'drop-after' : 'pass'))
  dropped = 0
  await store.session('lost first').append([human('once')])
  expect(contents(await store.session('lost first').messages())).toEqual(['once'])
})

test('a patch that arrives after its repeat is refused', async () => {
  const store = database.store({}, proxy.url)
  await store.session('late').append([human('first')])
  const late: { body: unknown }[] = []
  proxy.use(request => {
    if (!isPatch(request) || late.length > 0) return 'pass'
    late.push({ body: request.json() })
    return 'drop-before'
  })
  await store.session('late').append([human('once')])
  const { body } = await database.request('PATCH', DOCS, late[0]?.body)
  expect(body.data[0].status).toBe('ERROR')
  expect(contents(await store.session('late').messages())).toEqual(['first', 'once'])
})

test('a patch of a first append that arrives after its repeat is refused', async () => {
  const store = database.store({}, proxy.url)
  const late: unknown[] = []
  proxy.use(request => {
    if (!isPatch(request) || late.length > 0) return 'pass'
    late.push(request.json())
    return 'drop-before'
  })
  await store.session('late first').append([human('once')])
  expect((await database.request('PATCH', DOCS, late[0])).body.data[0].status).toBe('ERROR')
  expect(contents(await store.session('late first').messages())).toEqual(['once'])
})

test('a server without upsert gets the document first', async () => {
  const store = database.store({}, proxy.url)
  proxy.use(request => {
    if (!isPatch(request)) return 'pass'
    const { data } = request.json() as { data: Record<string, unknown>[] }
    const forward = { data: data.map(({ upsert: _, ...document }) => document) }
    return { forward, rewrite: answer => answer }
  })
  await store.session('plain').append([human('one')])
  await store.session('plain').append([human('two')])
  expect(proxy.count(`POST /v1/orgs/self${DOCS}`)).toBe(1)
  expect(contents(await store.session('plain').messages())).toEqual(['one', 'two'])
})

test('reads, a clear and a new store write nothing to a session that is not there', async () => {
  const store = database.store({}, proxy.url)
  expect(await store.session('nobody').messages()).toEqual([])
  expect(await store.session('nobody').page()).toEqual({ entries: [] })
  await store.session('nobody').clear()
  expect(await database.query('SELECT h._id FROM chat h WHERE h._id = :s', { s: 'nobody' })).toEqual([])
  expect([...proxy.counts.keys()].filter(operation => operation.endsWith('/docs'))).toEqual([])
})

test("documents of Python's class are read and added to, also after it has overwritten one", async () => {
  const row = { type: 'human', data: { content: 'from Python', type: 'human', example: false } }
  const overwrite = (messages: unknown[]) => database.request('POST', DOCS, { data: [{ _id: 'python', messages }] })
  await overwrite([row])
  const chat = database.store().session('python')
  expect(contents(await chat.messages())).toEqual(['from Python'])
  await chat.append([human('ours')])
  expect(contents(await chat.messages())).toEqual(['from Python', 'ours'])
  await overwrite([])
  expect(await chat.messages()).toEqual([])
  await chat.append([human('again')])
  expect(contents(await database.store().session('python').messages())).toEqual(['again'])
  await overwrite([row])
  await chat.clear()
  expect(await chat.messages()).toEqual([])
})

// Before the patch that gives it a head, and before the one with the messages.
test.each([
  [1, 'pass'],
  [2, 'pass'],
  [1, 'drop-after'],
  [2, 'drop-after'],
] as const)('a document that is overwritten before patch %i of an append, which meets %s', async (nth, fault) => {
  const session = `overwritten ${nth} ${fault}`
  const overwrite = () => database.request('POST', DOCS, { data: [{ _id: session, messages: [] }] })
  const store = database.store({}, proxy.url)
  await overwrite()
  let patches = 0
  proxy.use(async request => {
    if (!isPatch(request) || ++patches !== nth) return 'pass'
    await overwrite()
    return fault
  })
  await store.session(session).append([human('a'), human('b')])
  proxy.use()
  expect(patches).toBeGreaterThanOrEqual(nth + 1)
  expect(contents(await store.session(session).messages())).toEqual(['a', 'b'])
})

test('a position from before a clear is CONFLICT', async () => {
  const chat = database.store().session('cleared')
  await chat.append(range(4).map(number => human(`${number}`)))
  const { older = '' } = await chat.page({ limit: 2 })
  await chat.append([human('more')])
  expect(contents((await chat.page({ before: older })).entries.map(entry => entry.message))).toEqual(['0', '1'])
  await chat.clear()
  await expect(chat.page({ before: older })).rejects.toMatchObject({ code: 'CONFLICT', retryable: false })
  await chat.append(range(4).map(number => human(`${number}`)))
  await expect(chat.page({ before: older })).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('a refused document is an error, though the status is 200', async () => {
  const store = database.store({}, proxy.url)
  await store.session('refused').append([human('one')])
  const refused = { status: 'ERROR', error: { type: 'INVALIDINPUT', message: 'no' } }
  proxy.use(request => (isPatch(request) ? { status: 200, body: { data: [refused], last_offset: null } } : 'pass'))
  const error = await store
    .session('refused')
    .append([human('two')])
    .catch(reason => reason)
  expect(error).toMatchObject({ code: 'UNKNOWN', outcome: 'failed', retryable: false })
  expect(contents(await store.session('refused').messages())).toEqual(['one'])
})

// An object or a text is refused by the query of a read itself.
test.each([
  ['which has another name', { history: [1] }, 'INVALID_CONFIGURATION'],
  ['but null', { messages: null }, 'INVALID_CONFIGURATION'],
  ['but an object', { messages: {} }, 'UNKNOWN'],
  ['but an object with members', { messages: { '-': 1 }, hist: { epoch: 'e', fence: 'f' } }, 'UNKNOWN'],
  ['but a text', { messages: 'text' }, 'UNKNOWN'],
])('a document without the list, %s, is neither touched nor empty', async (_name, document, ofRead) => {
  const members = { _id: 'no list', ...document }
  await database.request('POST', DOCS, { data: [members] })
  const chat = database.store().session('no list')
  for (const write of [() => chat.append([human('x')]), () => chat.clear()])
    await expect(write()).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION', outcome: 'failed' })
  for (const read of [() => chat.messages(), () => chat.messages({ last: 5 }), () => chat.page(), () => chat.entries().next()])
    await expect(read()).rejects.toMatchObject({ code: ofRead, outcome: 'failed' })
  const [{ _event_time: _, ...stored } = {}] = await database.query('SELECT * FROM chat h WHERE h._id = :s', { s: 'no list' })
  expect(stored).toEqual(members)
})

test('a list that is empty is an empty session', async () => {
  await database.request('POST', DOCS, { data: [{ _id: 'empty', messages: [] }] })
  expect(await database.store().session('empty').messages()).toEqual([])
  const written = database.store({ messagesKey: 'log' }).session('log')
  await written.append([human('x')])
  await written.clear()
  expect(await written.page()).toEqual({ entries: [] })
})

test('sync and messageUuidMethod give the stored copy an id', async () => {
  const message = human('x')
  const id = await database.store({ sync: true }).session('sync').append([message, message])
  expect(message).toEqual(human('x'))
  const idsOf = async (session: string) =>
    (await database.rows(session)).map(row => (row as { data: { additional_kwargs: { id: unknown } } }).data.additional_kwargs.id)
  expect(await idsOf('sync')).toEqual([`${id}-0`, `${id}-1`])
  let number = 0
  await database
    .store({ messageUuidMethod: () => ++number })
    .session('uuid')
    .append([message, message])
  expect(await idsOf('uuid')).toEqual([1, 2])
})

test('a clear that arrives after its repeat removes nothing', async () => {
  const store = database.store({}, proxy.url)
  const chat = store.session('late clear')
  await chat.append([human('old')])
  const late: unknown[] = []
  proxy.use(request => {
    if (!isPatch(request) || late.length > 0) return 'pass'
    late.push(request.json())
    return 'drop-before'
  })
  await chat.clear()
  await chat.append([human('new')])
  expect((await database.request('PATCH', DOCS, late[0])).body.data[0].status).toBe('ERROR')
  expect(contents(await chat.messages())).toEqual(['new'])
})

test('one append sent by four stores at once, among appends of others, is stored once', async () => {
  const stores = range(4).map(() => database.store())
  const chats = (name: string) => stores.map(store => store.session(name))
  for (const round of range(15)) {
    const [first, ...others] = chats(`same-${round}`)
    const id = first?.nextAppendId() ?? ''
    const same = [human('a'), human('b')]
    await Promise.all([
      first?.append(same, { id }),
      ...others.flatMap(chat => [chat.append(same, { id }), chat.append([human('other')])]),
    ])
    const stored = contents((await first?.messages()) ?? [])
    expect(stored.filter(content => content !== 'other')).toEqual(['a', 'b'])
    expect(stored).toHaveLength(5)
  }
})
