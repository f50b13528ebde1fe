import { expect, test } from 'vitest'
import { connect, send, startTestServer, temporaryFile } from './test-server.js'

const delayMs = 300

test('writes are read later, in order, and their fences pass then', async () => {
  const server = await startTestServer({ visibilityDelayMs: delayMs })
  const path = await server.createCollection('c')
  const documents = () => server.query('SELECT _id, messages FROM commons.c ORDER BY _id')
  const start = performance.now()
  await server.request('POST', `${path}/docs`, { data: [{ _id: 's', messages: [] }, { _id: 'gone' }] })
  const add = (value: number) =>
    server.request('PATCH', `${path}/docs`, { data: [{ _id: 's', patch: [{ op: 'ADD', path: '/messages/-', value }] }] })
  expect((await add(1)).body.data[0].status).toBe('PATCHED')
  await add(2)
  await server.request('DELETE', `${path}/docs`, { data: [{ _id: 'gone' }] })
  const { last_offset } = (await add(3)).body
  const commit = async (name: string) => (await server.request('POST', `${path}/offsets/commit`, { name: [name] })).body
  expect(await commit(last_offset)).toMatchObject({ data: { fence: last_offset, passed: false } })
  expect(await documents()).toEqual([])
  await expect.poll(async () => (await commit(last_offset)).data.passed, { timeout: 5_000, interval: 20 }).toBe(true)
  expect(performance.now() - start).toBeGreaterThan(delayMs)
  expect(await documents()).toEqual([{ _id: 's', messages: [1, 2, 3] }])
})

test('what a pending write decides, later ones see: nothing acknowledged fails afterwards', async () => {
  const server = await startTestServer({ visibilityDelayMs: delayMs })
  const path = await server.createCollection('c')
  const patch = (operations: object[]) => server.request('PATCH', `${path}/docs`, { data: [{ _id: 's', patch: operations }] })
  await server.request('POST', `${path}/docs`, { data: [{ _id: 's', epoch: 1, messages: [] }] })
  await patch([{ op: 'REPLACE', path: '/epoch', value: 2 }])
  const late = await patch([
    { op: 'TEST', path: '/epoch', value: 1 },
    { op: 'ADD', path: '/messages/-', value: 'late' },
  ])
  expect(late.body.data[0].status).toBe('ERROR')
  await expect
    .poll(() => server.query('SELECT epoch, messages FROM commons.c'), { timeout: 5_000 })
    .toEqual([{ epoch: 2, messages: [] }])
})

test('what was pending is applied at the next start, and offsets go on', async () => {
  const data = temporaryFile()
  const first = await startTestServer({ data, visibilityDelayMs: 60_000 })
  const path = await first.createCollection('c')
  for (const value of [1, 2]) await first.request('POST', `${path}/docs`, { data: [{ _id: 's', value }] })
  await first.close()
  const second = await startTestServer({ data })
  expect(await second.query('SELECT _id, value FROM commons.c')).toEqual([{ _id: 's', value: 2 }])
  expect((await second.request('POST', `${path}/docs`, { data: [] })).body.last_offset).toBe('f1:0:0:0:3')
})

test('a collection that is dropped takes its pending writes along', async () => {
  const server = await startTestServer({ visibilityDelayMs: 50 })
  const path = await server.createCollection('c')
  const { body } = await server.request('POST', `${path}/docs`, { data: [{ _id: 's' }] })
  await server.request('DELETE', path)
  await server.createCollection('c')
  const commit = async () =>
    (await server.request('POST', `${path}/offsets/commit`, { name: [body.last_offset] })).body.data.passed
  await expect.poll(commit, { timeout: 5_000 }).toBe(true)
  expect(await server.query('SELECT _id FROM commons.c')).toEqual([])
})

test('a server that is closed refuses, and its url is free again', async () => {
  const server = await startTestServer({ apiKey: 'k' })
  expect(connect(server, 'k').url).toBe(server.url)
  await Promise.all([server.close(), server.close()])
  await expect(send(`${server.url}/health`, 'GET')).rejects.toThrow()
})
