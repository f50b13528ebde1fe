import { startFaultProxy } from '@hist/fault-proxy'
import rockset from '@rockset/client'
import { expect, onTestFinished, test } from 'vitest'
import { contents, type Database, human, KEY, openDatabase } from './database.js'

async function open(options: Parameters<typeof openDatabase>[0] = {}): Promise<Database> {
  const database = await openDatabase(options)
  onTestFinished(() => database.close())
  return database
}

test('a collection in another workspace is made there, and found there by the next store', async () => {
  const database = await open({ readyDelayMs: 120 })
  await database.createWorkspace('prod.eu')
  const options = { workspace: 'prod.eu' }
  await database
    .store(options)
    .session('s')
    .append([human('one')])
  await database
    .store(options)
    .session('s')
    .append([human('two')])
  expect(contents(await database.store(options).session('s').messages())).toEqual(['one', 'two'])
  const { body } = await database.request('GET', '/collections')
  expect(body.data.map((collection: { workspace: string }) => collection.workspace)).toEqual(['prod.eu'])
})

test('a missing workspace is NOT_SET_UP, with the request that makes it', async () => {
  const database = await open()
  const error = await database
    .store({ workspace: 'prod' })
    .session('s')
    .append([human('x')])
    .catch(reason => reason)
  expect(error).toMatchObject({ code: 'NOT_SET_UP', outcome: 'failed' })
  expect(error.message).toContain('POST /v1/orgs/self/ws {"name":"prod"}')
})

test("setupMode 'off': a missing collection is NOT_SET_UP, for reads and writes", async () => {
  const database = await open()
  const chat = database.store({ setupMode: 'off' }).session('s')
  for (const call of [() => chat.append([human('x')]), () => chat.messages(), () => chat.clear()])
    await expect(call()).rejects.toMatchObject({ code: 'NOT_SET_UP', outcome: 'failed' })
  expect((await database.request('GET', '/collections')).body.data).toEqual([])
})

test('two stores that make the collection at once both work', async () => {
  const database = await open({ readyDelayMs: 50 })
  await Promise.all(
    [1, 2, 3].map(() =>
      database
        .store()
        .session('s')
        .append([human('x')]),
    ),
  )
  expect(await database.store().session('s').messages()).toHaveLength(3)
})

test('a second store sees what cannot be read yet as there, and wipes nothing', async () => {
  const database = await open({ visibilityDelayMs: 300 })
  const first = database
    .store()
    .session('s')
    .append([human('one')])
  const second = database.store().session('s')
  await second.messages()
  await second.append([human('two')])
  await first
  expect(contents(await second.messages()).sort()).toEqual(['one', 'two'])
})

test('errors of the server and of the connection', async () => {
  const database = await open({ apiKey: 'right' })
  await expect(database.store().session('s').messages()).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  const nowhere = database.store({}, 'http://127.0.0.1:1').session('s')
  const error = await nowhere.append([human('x')], { timeoutMs: 200 }).catch(reason => reason)
  expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'failed' })
})

test('a server that does not answer', async () => {
  const database = await open()
  const proxy = await startFaultProxy(database.url)
  onTestFinished(() => proxy.close())
  const chat = database.store({}, proxy.url).session('s')
  await chat.append([human('x')])
  proxy.use(({ method }) => (method === 'PATCH' ? 'hang-before' : 'pass'))
  await expect(chat.append([human('y')], { timeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'unknown' })
  await expect(chat.append([human('y')], { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: 'ABORTED' })
})

test("with the app's client", async () => {
  const database = await open()
  const make = typeof rockset === 'function' ? rockset : (rockset as { default: typeof rockset }).default
  const client = make(KEY, database.url)
  const store = (await import('@hist/rockset/store')).createRocksetHistory({ collection: 'chat', client })
  await store.session('s').append([human('one')])
  expect(contents(await store.session('s').messages())).toEqual(['one'])
  await store.close()
  expect((await client.collections.getCollection('commons', 'chat')).data?.name).toBe('chat')
  const off = (await import('@hist/rockset/store')).createRocksetHistory({ collection: 'none', setupMode: 'off', client })
  await expect(off.session('s').messages()).rejects.toMatchObject({ code: 'NOT_SET_UP' })
})
