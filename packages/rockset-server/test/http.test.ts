import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { startRocksetServer } from '@hist/rockset-server'
import { describe, expect, test } from 'vitest'
import { send, startTestServer } from './test-server.js'

describe('keys', () => {
  test('any key that is not empty is taken on open loopback', async () => {
    const { url } = await startTestServer()
    const status = async (authorization?: string) =>
      (await fetch(`${url}/v1/orgs/self`, { headers: { ...(authorization !== undefined && { authorization }) } })).status
    expect([await status('ApiKey x'), await status('apikey x'), await status('APIKEY  x')]).toEqual([200, 200, 200])
    expect([await status(), await status('ApiKey '), await status('Bearer x'), await status('x')]).toEqual([401, 401, 401, 401])
  })

  test('a key that is set is the only one', async () => {
    const { url } = await startTestServer({ apiKey: 'right' })
    expect((await send(`${url}/v1/orgs/self`, 'GET', undefined, 'right')).status).toBe(200)
    const wrong = await send(`${url}/v1/orgs/self`, 'GET', undefined, 'wrong')
    expect(wrong).toMatchObject({ status: 401, body: { type: 'AUTHEXCEPTION' } })
    expect((await send(`${url}/v1/nothing`, 'GET', undefined, 'wrong')).status).toBe(401)
  })

  test('health needs none', async () => {
    const { url } = await startTestServer({ apiKey: 'right' })
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' })
  })

  test('nothing but loopback is open', async () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.2', 'example.org']) {
      await expect(startRocksetServer({ data: ':memory:', host })).rejects.toThrow(/apiKey is needed/)
    }
    const server = await startRocksetServer({ data: ':memory:', host: '0.0.0.0', apiKey: 'k' })
    await server.close()
  })
})

describe('routes', () => {
  test('an unknown one is 404, another method 405, what Rockset had and this server has not 501', async () => {
    const { request } = await startTestServer()
    expect(await request('GET', '/nothing')).toMatchObject({ status: 404, body: { type: 'NOTFOUND', line: null } })
    const wrongMethod = await request('PUT', '/ws')
    expect(wrongMethod).toMatchObject({ status: 405, body: { type: 'INVALIDINPUT' } })
    expect(wrongMethod.headers.get('allow')).toBe('GET, POST')
    for (const path of ['/queries/x', '/queries/x/pages', '/integrations', '/ws/commons/lambdas', '/users/self/apikeys']) {
      expect(await request('GET', path), path).toMatchObject({ status: 501, body: { type: 'NOTIMPLEMENTEDYET' } })
    }
    for (const body of [{ async: true }, { async_options: {} }]) {
      expect(await request('POST', '/queries', { sql: { query: 'SELECT 1' }, ...body })).toMatchObject({ status: 501 })
    }
  })

  test('slashes at the beginning are one', async () => {
    const { url } = await startTestServer()
    expect((await send(`${url}//v1/orgs/self`, 'GET')).status).toBe(200)
  })

  test('workspaces', async () => {
    const { request } = await startTestServer()
    expect(await request('POST', '/ws', { name: 'a.b', description: 'nested' })).toMatchObject({
      status: 200,
      body: { data: { name: 'a.b' } },
    })
    expect((await request('GET', '/ws')).body.data).toEqual([{ name: 'a.b', description: 'nested' }, { name: 'commons' }])
    expect((await request('POST', '/ws', { name: 'a.b' })).status).toBe(409)
    await request('POST', '/ws/a.b/collections', { name: 'c' })
    expect((await request('DELETE', '/ws/a.b')).status).toBe(400)
    await request('DELETE', '/ws/a.b/collections/c')
    expect((await request('DELETE', '/ws/a.b')).status).toBe(200)
    expect((await request('GET', '/ws/a.b')).status).toBe(404)
    expect((await request('DELETE', '/ws/commons')).status).toBe(400)
  })

  test('what a collection cannot be is refused', async () => {
    const { request } = await startTestServer()
    const create = async (body: unknown) => (await request('POST', '/ws/commons/collections', body)).status
    for (const retention_secs of [3_599, 315_360_000, 1.5, '3600']) expect(await create({ name: 'r', retention_secs })).toBe(400)
    for (const name of ['', 'a b', '..', 'a..b', '.', 'a"b', "a'b", 'é', 'a/b', 1, null])
      expect(await create({ name }), String(name)).toBe(400)
    for (const body of [undefined, [], 'text']) expect(await create(JSON.stringify(body) ?? '')).toBe(400)
    expect(await create({ name: 'm', field_mapping_query: { sql: 'SELECT UPPER(a) FROM _input' } })).toBe(501)
    expect(await create({ name: 's', sources: [{ s3: {} }] })).toBe(501)
    expect(
      await create({
        name: 'ok',
        retention_secs: 3_600,
        field_mapping_query: { sql: 'SELECT * FROM _input CLUSTER BY session_id' },
      }),
    ).toBe(200)
    expect((await request('GET', '/ws/commons/collections/ok')).body.data).toMatchObject({ retention_secs: 3_600 })
  })
})

test('a query is validated without being run', async () => {
  const { request } = await startTestServer()
  const validate = (query: string) => request('POST', '/queries/validations', { sql: { query } })
  const { body } = await validate('SELECT a FROM "ws"."c" WHERE x = :y')
  expect(body).toEqual({ collections: ['ws.c'], parameters: ['y'] })
  expect(await validate('SELEC 1')).toMatchObject({
    status: 400,
    body: { type: 'QUERY_ERROR', error_id: 'syntax_error', line: 1, column: 1 },
  })
})

test('hostile names are never looked up', async () => {
  const server = await startTestServer()
  for (const name of ['%00', '%2e%2e', '..%2fx', 'a%22b', 'a%27b', 'a%00b', 'x'.repeat(3_000), '__proto__%20', '%e0%80']) {
    for (const path of [`/ws/${name}`, `/ws/${name}/collections`, `/ws/commons/collections/${name}`]) {
      const status = await rawStatus(server.url, 'GET', `/v1/orgs/self${path}`)
      expect([400, 404], path).toContain(status)
    }
    const status = await rawStatus(server.url, 'POST', `/v1/orgs/self/ws/commons/collections/${name}/docs`, '{"data":[]}')
    expect([400, 404], name).toContain(status)
  }
  expect((await server.request('GET', '/ws/__proto__')).status).toBe(404)
  expect((await server.request('GET', '/ws/constructor')).status).toBe(404)
  expect((await server.request('GET', '/collections')).body.data).toEqual([])
})

describe('limits', () => {
  test('a body of more than 10 MiB is 413, once it has been read', async () => {
    const server = await startTestServer()
    const path = await server.createCollection('c')
    const tooLarge = JSON.stringify({ data: [{ _id: 'a', text: 'x'.repeat(12 * 1_024 * 1_024) }] })
    expect(await server.request('POST', `${path}/docs`, tooLarge)).toMatchObject({
      status: 413,
      body: { type: 'CONTENTTOOLARGE' },
    })
    const frame = JSON.stringify({ data: [{ _id: 'a', text: '' }] }).length
    const largest = JSON.stringify({ data: [{ _id: 'a', text: 'x'.repeat(10_485_760 - frame) }] })
    expect((await server.request('POST', `${path}/docs`, largest)).status).toBe(200)
    expect((await server.request('POST', `${path}/docs`, `${largest} `)).status).toBe(413)
  })

  test('more than 20,000 documents are 400', async () => {
    const server = await startTestServer()
    const path = await server.createCollection('c')
    const documents = (count: number) => ({ data: Array.from({ length: count }, (_, index) => ({ _id: String(index) })) })
    expect((await server.request('POST', `${path}/docs`, documents(20_001))).status).toBe(400)
    expect((await server.request('POST', `${path}/docs`, documents(20_000))).status).toBe(200)
    expect((await server.request('GET', path)).body.data.stats.doc_count).toBe(20_000)
  })

  test('headers may be long, but not for ever', async () => {
    const { url } = await startTestServer()
    const get = async (length: number) =>
      fetch(`${url}/v1/orgs/self`, { headers: { authorization: 'ApiKey k', 'user-agent': 'x'.repeat(length) } })
    expect((await get(100_000)).status).toBe(200)
    const refused = await get(140_000)
    expect(refused.status).toBe(431)
    expect(await refused.json()).toMatchObject({ type: 'INVALIDINPUT', trace_id: expect.any(String) })
  })

  test('what is not JSON in UTF-8 is 400, another media type 415', async () => {
    const server = await startTestServer()
    const path = `${await server.createCollection('c')}/docs`
    const bodies = [
      '',
      '{',
      '{"data":[{"a":NaN}]}',
      '{"data":[{"a":-Infinity}]}',
      '{"data":[{"a":1e999}]}',
      '{"data":1}',
      '[]',
      'null',
      '"x"',
    ]
    const duplicate = '{"data":[{"a":1152921504606846977,"a":2}]}'
    const deep = `{"data":[{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}]}`
    const long = `{"data":[{"a":${'9'.repeat(2_000)}}]}`
    for (const body of [...bodies, duplicate, deep, long]) {
      const answer = await server.request('POST', path, body)
      expect(answer, body.slice(0, 60)).toMatchObject({ status: 400, body: { type: 'INVALIDINPUT' } })
    }
    expect((await server.request('POST', path, '{"data":[{"a":NaN}]}')).body.message).toMatch(/position 14/)
    const headers = { authorization: 'ApiKey k', 'content-type': 'text/plain' }
    expect((await fetch(`${server.url}/v1/orgs/self${path}`, { method: 'POST', headers, body: '{}' })).status).toBe(415)
    const latin1 = Buffer.from('{"data":[{"a":"\xe9"}]}', 'latin1')
    const json = { ...headers, 'content-type': 'application/json' }
    expect((await fetch(`${server.url}/v1/orgs/self${path}`, { method: 'POST', headers: json, body: latin1 })).status).toBe(400)
  })
})

test('the log has each request, without bodies and keys', async () => {
  const lines: string[] = []
  const note = (fields: object, message: string) => lines.push(JSON.stringify({ ...fields, message }))
  const server = await startTestServer({ apiKey: 'secret-key', logger: { info: note, error: note } })
  await server.createCollection('c')
  await server.request('POST', '/ws/commons/collections/c/docs', { data: [{ _id: 'a', text: 'secret-body' }] })
  await expect.poll(() => lines.filter(line => line.includes('answered')).length).toBe(2)
  expect(lines.join()).toContain('/ws/commons/collections/c/docs')
  expect(lines.join()).not.toMatch(/secret-/)
})

test('closing answers what is running, and refuses what comes', async () => {
  const server = await startTestServer()
  const path = `/v1/orgs/self${await server.createCollection('c')}/docs`
  const { hostname, port } = new URL(server.url)
  const headers = { authorization: 'ApiKey k', 'content-type': 'application/json' }
  const running = httpRequest({ hostname, port, method: 'POST', path, headers })
  running.write('{"data":[{"_id":"a"')
  const [socket] = await once(running, 'socket')
  await once(socket, 'connect')
  // What comes later is answered: so the server knows of the first request, too.
  await fetch(`${server.url}/health`)
  const closing = server.close()
  const answered = new Promise(resolve => running.on('response', response => resolve(response.resume().statusCode)))
  running.end('}]}')
  expect(await answered).toBe(200)
  await closing
  await expect(fetch(`${server.url}/health`)).rejects.toThrow()
})

/** Without `fetch`, which tidies up paths. */
function rawStatus(url: string, method: string, path: string, body?: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url)
  const headers = { authorization: 'ApiKey k', 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers }, response => {
      response.resume()
      response.on('end', () => resolve(response.statusCode))
    })
    request.on('error', reject)
    request.end(body)
  })
}
