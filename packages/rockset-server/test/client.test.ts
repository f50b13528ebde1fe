import rockset from '@rockset/client'
import { expect, test } from 'vitest'
import { startTestServer } from './test-server.js'

const createClient =
  typeof rockset === 'function' ? rockset : (rockset as { default: typeof import('@rockset/client').default }).default

async function connectClient(options: Parameters<typeof startTestServer>[0] = {}, host = (url: string) => url) {
  const server = await startTestServer(options)
  return createClient(options.apiKey ?? 'any', host(server.url))
}

test('a collection is made, seen as created and then ready, and dropped', async () => {
  const { collections } = await connectClient({ readyDelayMs: 50 })
  const status = async () => String((await collections.getCollection('commons', 'chat')).data?.status)
  expect(await collections.createCollection('commons', { name: 'chat' })).toMatchObject({
    data: { name: 'chat', workspace: 'commons' },
  })
  expect(await status()).toBe('CREATED')
  await expect.poll(status).toBe('READY')
  expect(await collections.listCollections()).toMatchObject({ data: [{ name: 'chat' }] })
  expect(await collections.deleteCollection('commons', 'chat')).toMatchObject({ data: { status: 'DELETED' } })
  await expect(status()).rejects.toMatchObject({ type: 'NOTFOUND' })
})

test('documents are added, patched, queried, fenced and deleted', async () => {
  const { collections, documents, queries } = await connectClient()
  await collections.createCollection('commons', { name: 'chat' })
  expect(await documents.addDocuments('commons', 'chat', { data: [{ _id: 's', messages: [] }] })).toMatchObject({
    data: [{ _collection: 'chat', _id: 's', status: 'ADDED' }],
    last_offset: 'f1:0:0:0:1',
  })
  const patch = [{ op: 'ADD', path: '/messages/-', value: { type: 'human', data: { content: 'hi' } } }]
  const patched = await documents.patchDocuments('commons', 'chat', { data: [{ _id: 's', patch }] } as never)
  expect(patched).toMatchObject({ data: [{ status: 'PATCHED', patch_id: expect.any(String) }], last_offset: 'f1:0:0:0:2' })
  expect(await collections.getCollectionOffsets('commons', 'chat', { name: ['f1:0:0:0:2'] })).toMatchObject({
    data: { passed: true },
  })
  const query = 'SELECT * FROM UNNEST((SELECT "messages" FROM "commons"."chat" WHERE _id = :s))'
  const parameters = [{ name: 's', type: 'string', value: 's' }]
  expect(await queries.query({ sql: { query, parameters } })).toMatchObject({
    results: [{ type: 'human', data: { content: 'hi' } }],
  })
  expect(await documents.deleteDocuments('commons', 'chat', { data: [{ _id: 's' }] })).toMatchObject({
    data: [{ status: 'DELETED' }],
  })
  expect(await queries.query({ sql: { query, parameters } })).toMatchObject({ results: [] })
})

test('the client forwards upsert', async () => {
  const { collections, documents } = await connectClient()
  await collections.createCollection('commons', { name: 'chat' })
  const item = { _id: 's', patch: [{ op: 'ADD', path: '/messages/-', value: 1 }], upsert: { messages: [] } }
  expect(await documents.patchDocuments('commons', 'chat', { data: [item] } as never)).toMatchObject({
    data: [{ status: 'PATCHED' }],
  })
})

test('a host that ends in a slash works', async () => {
  const { orgs } = await connectClient({}, url => `${url}/`)
  expect(await orgs.getOrganization()).toMatchObject({ data: { id: 'local' } })
})

test('errors arrive with their type', async () => {
  const { collections, queries } = await connectClient()
  await collections.createCollection('commons', { name: 'chat' })
  await expect(collections.createCollection('commons', { name: 'chat' })).rejects.toMatchObject({ type: 'ALREADYEXISTS' })
  await expect(collections.createCollection('nowhere', { name: 'chat' })).rejects.toMatchObject({ type: 'NOTFOUND' })
  await expect(queries.query({ sql: { query: 'SELECT COUT(*) FROM commons.chat' } })).rejects.toMatchObject({
    type: 'QUERY_ERROR',
    error_id: 'function_not_found',
    line: 1,
    column: 8,
  })
})
