import { expect, test } from 'vitest'
import { contents, human } from '../../../core/test/messages.js'
import { range } from '../../../core/test/numbers.js'
import { database, proxy } from '../fixture.js'

const layout = { layout: 'message' } as const

const isAdd = ({ method, path }: { method: string; path: string }) => method === 'POST' && path.endsWith('/docs')

test('an append whose answer is lost is stored once', async () => {
  const store = database.store(layout, proxy.url)
  let dropped = 0
  proxy.use(request => (isAdd(request) && dropped++ === 0 ? 'drop-after' : 'pass'))
  await store.session('lost').append([human('once'), human('twice')])
  expect(dropped).toBe(2)
  expect(contents(await store.session('lost').messages())).toEqual(['once', 'twice'])
})

test('a refused document is an error, though the status is 200', async () => {
  const store = database.store(layout, proxy.url)
  const refused = { status: 'ERROR', error: { type: 'INVALIDINPUT', message: 'no' } }
  proxy.use(request =>
    isAdd(request) ? { status: 200, body: { data: [refused, { status: 'ADDED' }], last_offset: null } } : 'pass',
  )
  const error = await store
    .session('refused')
    .append([human('a'), human('b')])
    .catch(reason => reason)
  expect(error).toMatchObject({ code: 'UNKNOWN', outcome: 'unknown' })
  const status = { status: 200, body: { data: [refused] } }
  proxy.use(request => (isAdd(request) ? status : 'pass'))
  await expect(store.session('refused').append([human('a')])).rejects.toMatchObject({ code: 'UNKNOWN', outcome: 'failed' })
})

test('a server that writes documents one by one is refused, and taken with server: rockset', async () => {
  proxy.use(({ method }) =>
    method === 'PATCH' ? { status: 200, body: { data: [{ status: 'ERROR', error: { type: 'NOTFOUND' } }] } } : 'pass',
  )
  const refused = database.store({ ...layout, collection: 'other' }, proxy.url).session('s')
  await expect(refused.append([human('x')])).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION', outcome: 'failed' })
  const store = database.store({ ...layout, collection: 'clustered', server: 'rockset' }, proxy.url)
  expect(store.supports.atomicAppend.messages).toBe(1)
  await store.session('s').append([human('x'), human('y')])
  expect(contents(await store.session('s').messages())).toEqual(['x', 'y'])
})

test('the most messages, and the most bytes, of the longest session id fit into one request', async () => {
  const store = database.store({ ...layout, collection: 'longest', sync: true, ttlSeconds: 3_600 }, proxy.url)
  const { messages, bytes } = store.supports.atomicAppend
  const chat = store.session('\u0001'.repeat(1_024))
  const large = 'x'.repeat(bytes / messages - 100)
  await chat.append(range(messages).map(() => human(large)))
  expect(proxy.count('POST /v1/orgs/self/ws/commons/collections/longest/docs')).toBe(1)
  await chat.append(range(2 * messages).map(() => human('x'.repeat(5_000))))
  expect(await chat.messages()).toHaveLength(3 * messages)
  await chat.clear()
  expect(await chat.messages()).toEqual([])
})

test('an index answers a window of a collection with many sessions', async () => {
  const store = database.store({ ...layout, collection: 'many' })
  for (const session of range(5)) await store.session(`s${session}`).append(range(1_000).map(number => human(`${number}`)))
  expect(contents(await store.session('s3').messages({ last: 2 }))).toEqual(['998', '999'])
})
