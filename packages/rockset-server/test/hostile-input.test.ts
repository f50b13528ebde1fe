// Names and members that would be something else to a router, a file system, a database or an object of JavaScript.
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import type { Value } from '../src/documents.js'
import { createApplication } from '../src/http/application.js'
import { collectionRoutes } from '../src/http/collection-routes.js'
import { documentRoutes } from '../src/http/document-routes.js'
import { organizationRoutes } from '../src/http/organization-routes.js'
import { queryRoutes } from '../src/http/query-routes.js'
import { workspaceRoutes } from '../src/http/workspace-routes.js'
import { parseJson } from '../src/json/parse.js'
import { stringifyJson } from '../src/json/stringify.js'
import { Database } from '../src/storage/database.js'
import { startTestServer } from './test-server.js'

/** As they stand in a path. */
const hostileNames = [
  '..',
  '.',
  '%2e%2e',
  '%2E%2e',
  '..%2f..',
  'a%2fb',
  'a..b',
  '%00',
  'a%00b',
  '%22',
  'a%22b',
  '%27',
  "a'b",
  "';DROP%20TABLE%20documents;--",
  'a%60b',
  'a%5cb',
  'a%20b',
  '__proto__%20',
  '%C3%A9',
  '%e0%80',
  '%',
  '%zz',
  '',
  'x'.repeat(2_049),
  `${'x'.repeat(300)}%00`,
]

/** The server's routes; none of their answers is given without being noted. */
async function startNoting() {
  const database = new Database({ data: ':memory:', visibilityDelayMs: 0, onError: error => expect.unreachable(String(error)) })
  const routes = [
    ...organizationRoutes(),
    ...workspaceRoutes(database.catalog),
    ...collectionRoutes(database, 0),
    ...documentRoutes(database),
    ...queryRoutes(database),
  ]
  const reached: string[] = []
  const noting = routes.map(route => ({
    ...route,
    answer: (request: Parameters<typeof route.answer>[0]) => {
      reached.push(`${route.method} ${route.path} ${JSON.stringify(request.names)}`)
      return route.answer(request)
    },
  }))
  const application = createApplication({ routes: noting, apiKey: undefined, logger: undefined })
  await application.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(async () => {
    await application.close()
    database.close()
  })
  return { routes, reached, port: (application.server.address() as AddressInfo).port }
}

/** Without `fetch`, which tidies up paths. */
async function send(port: number, method: string, path: string, body: unknown) {
  const headers = { authorization: 'ApiKey k', 'content-type': 'application/json' }
  const request = httpRequest({ port, host: '127.0.0.1', method, path, headers })
  request.end(method === 'GET' ? undefined : JSON.stringify(body))
  return new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', async response => {
      resolve({ status: response.statusCode, body: JSON.parse(await textOf(response)) })
    })
  })
}

test('hostile names are refused on every route, before anything is looked up', async () => {
  const { routes, reached, port } = await startNoting()
  const named = routes.flatMap(({ method, path }) =>
    [...path.matchAll(/:(workspace|collection)\b/g)].map(([parameter]) => ({ method, path, parameter })),
  )
  expect(named.length).toBeGreaterThan(20)
  for (const { method, path, parameter } of named) {
    for (const name of hostileNames) {
      const hostile = path.replace(parameter, () => name).replace(/:\w+/g, 'commons')
      const title = `${method} ${hostile.slice(0, 200)}`
      const answer = await send(port, method, hostile, { data: [{ _id: 'a' }], name: 'c' })
      expect([400, 404], `${title}: ${JSON.stringify(answer)}`).toContain(answer.status)
      expect(answer.body, title).toEqual(errorBody)
    }
  }
  expect(reached).toEqual([])
})

const errorBody = {
  message: expect.any(String),
  message_key: null,
  type: expect.stringMatching(/^(NOTFOUND|INVALIDINPUT)$/),
  line: null,
  column: null,
  trace_id: expect.any(String),
  error_id: null,
  query_id: null,
  virtual_instance_rrn: null,
  virtual_instance_id: null,
  internal_errors: null,
}

test('hostile names are not created, nor found in SQL', async () => {
  const server = await startTestServer()
  const names = ['..', '.', '', 'a..b', 'a/b', 'a"b', "a'b", 'a`b', 'a\\b', 'a b', 'é', '\0', 'a\0', '\ud800', 'x'.repeat(2_049)]
  for (const name of [...names, 1, null, true, [], {}]) {
    for (const path of ['/ws', '/ws/commons/collections'])
      expect(await server.request('POST', path, { name }), `${path} ${name}`).toMatchObject({
        status: 400,
        body: { type: 'INVALIDINPUT' },
      })
  }
  for (const name of names.filter(text => text !== '')) {
    const quoted = `"${name.replaceAll('"', '""')}"`
    for (const table of [quoted, `${quoted}.c`, `commons.${quoted}`])
      expect(await server.request('POST', '/queries', { sql: { query: `SELECT * FROM ${table}` } }), table).toMatchObject({
        status: 400,
        body: { type: 'QUERY_ERROR' },
      })
  }
  expect((await server.request('GET', '/collections')).body.data).toEqual([])
  expect((await server.request('GET', '/ws')).body.data).toEqual([{ name: 'commons' }])
})

test('names of members of every object are names of collections like others', async () => {
  const server = await startTestServer()
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    expect((await server.request('GET', `/ws/${name}`)).status, name).toBe(404)
    expect((await server.request('GET', `/ws/commons/collections/${name}`)).status, name).toBe(404)
    const path = await server.createCollection(name)
    await server.request('POST', `${path}/docs`, { data: [{ _id: name }] })
    expect(await server.query(`SELECT _id FROM commons."${name}"`)).toEqual([{ _id: name }])
  }
})

test('__rockset_type and __proto__ come back verbatim, by POST, PATCH, upsert and SQL', async () => {
  const server = await startTestServer()
  const path = `${await server.createCollection('c')}/docs`
  const date = '{"__rockset_type":"date","value":{"year":2024,"month":1,"day":1}}'
  const elements = [date, '{"__proto__":{"polluted":1}}', '{"__rockset_type":null}', '{"__proto__":null,"constructor":1}']
  const value = `[${elements.join()}]`
  await server.request('POST', path, `{"data":[{"_id":"posted","__rockset_type":"x","__proto__":{"a":1},"messages":${value}}]}`)
  const add = (member: string, added: string) => `{"op":"ADD","path":"/${member}","value":${added}}`
  const members = [add('__rockset_type', '"x"'), add('__proto__', '{}'), add('__proto__/a', '1'), add('messages', '[]')]
  const patch = [...members, ...elements.map(element => add('messages/-', element))]
  await server.request('PATCH', path, `{"data":[{"_id":"patched","patch":[${patch.join()}],"upsert":{}}]}`)
  const upsert = `{"__rockset_type":"x","__proto__":{"a":1},"messages":${value}}`
  await server.request('PATCH', path, `{"data":[{"_id":"begun","patch":[],"upsert":${upsert}}]}`)
  const rows = async (query: string) => {
    const { text } = await server.request('POST', '/queries', { sql: { query } })
    return stringifyJson((parseJson(text) as { results: Value }).results)
  }

  const row = `{"__rockset_type":"x","__proto__":{"a":1},"messages":${value}}`
  expect(await rows('SELECT * EXCEPT (_id, _event_time) FROM commons.c')).toBe(`[${row},${row},${row}]`)
  expect(await rows(`SELECT c."__proto__" AS p, c.__rockset_type AS t FROM commons.c c WHERE c."__proto__".a = 1 LIMIT 1`)).toBe(
    '[{"p":{"a":1},"t":"x"}]',
  )
  expect(await rows(`SELECT * FROM UNNEST((SELECT messages FROM commons.c WHERE _id = 'patched'))`)).toBe(value)
  expect(await rows(`SELECT {'__proto__': 1, '__rockset_type': 'date'} AS o`)).toBe(
    '[{"o":{"__proto__":1,"__rockset_type":"date"}}]',
  )
  expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted')
  expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('a')
})
