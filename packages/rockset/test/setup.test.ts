import { startFaultProxy } from '@hist/fault-proxy'
import { expect, onTestFinished, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { type Database, openDatabase } from './database.js'

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

test('a wrong path in apiServer is INVALID_CONFIGURATION, and no advice to make what every server has', async () => {
  const database = await open()
  const error = await database
    .store({}, `${database.url}/wrong`)
    .session('s')
    .append([human('x')])
    .catch(reason => reason)
  expect(error).toMatchObject({ code: 'INVALID_CONFIGURATION', outcome: 'failed', cause: { status: 404 } })
  expect(error.message).toMatch(/apiServer/)
  expect(error.message).not.toMatch(/make it/)
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

test('a server that does not answer', async () => {
  const database = await open()
  const proxy = await startFaultProxy(database.url)
  onTestFinished(() => proxy.close())
  const chat = database.store({}, proxy.url).session('s')
  await chat.append([human('x')])
  proxy.use(({ method }) => (method === 'PATCH' ? 'hang-before' : 'pass'))
  await expect(chat.append([human('y')], { timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'unknown' })
  await expect(chat.append([human('y')], { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: 'ABORTED' })
})

test('a collection is made with its retention; one that exists keeps what it has', async () => {
  const database = await open()
  const path = '/ws/commons/collections'
  const retentionOf = async (collection: string) =>
    (await database.request('GET', `${path}/${collection}`)).body.data.retention_secs
  for (const layout of ['session', 'message'] as const) {
    const options = { collection: layout, layout, retentionSeconds: 86_400 } as never
    await database
      .store(options)
      .session('s')
      .append([human('x')])
    expect(await retentionOf(layout)).toBe(86_400)
  }
  await database.store({ collection: 'session', retentionSeconds: 3_600 }).session('s').messages()
  expect(await retentionOf('session')).toBe(86_400)
  const off = database.store({ collection: 'none', retentionSeconds: 3_600, setupMode: 'off' }).session('s')
  await expect(off.messages()).rejects.toThrow('{"name":"none","retention_secs":3600}')
})
