import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
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

  test('without one, requests for other hosts than this machine are refused', async () => {
    const [open, locked] = [await startTestServer(), await startTestServer({ apiKey: 'right' })]
    const status = async (url: string, host: string) => {
      const request = httpRequest(`${url}/v1/orgs/self`, { headers: { host, authorization: 'ApiKey right' } })
      const [response] = await once(request.end(), 'response')
      response.resume()
      return response.statusCode
    }
    for (const host of ['localhost', 'localhost:4243', '127.0.0.1:1', '127.1.2.3', '[::1]:4243', '[::1]'])
      expect(await status(open.url, host), host).toBe(200)
    for (const host of [
      'example.com',
      'localhost.example.com:4243',
      '10.0.0.1',
      '127.0.0.1.example.com',
      '[::2]:4243',
      'x@localhost',
    ])
      expect([await status(open.url, host), await status(locked.url, host)], host).toEqual([401, 200])
  })

  test('a key that is set is the only one', async () => {
    const { url } = await startTestServer({ apiKey: 'right' })
    expect((await send(`${url}/v1/orgs/self`, 'GET', undefined, 'right')).status).toBe(200)
    const wrong = await send(`${url}/v1/orgs/self`, 'GET', undefined, 'wrong')
    expect(wrong).toMatchObject({ status: 401, body: { type: 'AUTHEXCEPTION' } })
    expect((await send(`${url}/v1/nothing`, 'GET', undefined, 'wrong')).status).toBe(401)
    for (const key of ['righ', 'rightt', 'Right', 'r'.repeat(50_000)])
      expect((await send(`${url}/v1/orgs/self`, 'GET', undefined, key)).status, key.slice(0, 9)).toBe(401)
    const status = async (authorization: string) => (await fetch(`${url}/v1/orgs/self`, { headers: { authorization } })).status
    expect([await status('apikey right'), await status('APIKEY right')]).toEqual([200, 200])
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

  test('a field_mapping_query that changes documents is 501, and soon found to', async () => {
    const { request } = await startTestServer()
    let number = 0
    const create = async (sql: string) => {
      number += 1
      const body = { name: `c${number}`, field_mapping_query: { sql } }
      return (await request('POST', '/ws/commons/collections', body)).status
    }
    const clustered = 'SELECT * FROM _input CLUSTER BY'
    for (const sql of ['select * from _input;', `\n${clustered.replaceAll(' ', '\t ')}  a , "b"."c",\`d\` ; `])
      expect(await create(sql), sql).toBe(200)
    for (const sql of ['', clustered, `${clustered} a WHERE b`, `${clustered} a,`, 'SELECT a FROM _input', `${clustered} a; b`])
      expect(await create(sql), sql).toBe(501)
    const start = performance.now()
    for (const beginning of ['', 'SELECT', 'SELECT * FROM _input', `${clustered} a`, `${clustered} a,`]) {
      const spaces = ' '.repeat(beginning.includes('CLUSTER') ? 6_000 : 300_000)
      expect(await create(`${beginning}${spaces}!`), beginning).toBe(501)
    }
    expect(performance.now() - start).toBeLessThan(20_000)
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

test('what is no object is named', async () => {
  const { request } = await startTestServer()
  const message = async (path: string, body: unknown) => (await request('POST', path, body)).body.message
  expect(await message('/queries', [])).toBe('The body must be an object.')
  expect(await message('/queries', { sql: [] })).toBe('sql must be an object.')
  expect(await message('/ws/commons/collections', { name: 'c', field_mapping_query: 'x' })).toBe(
    'field_mapping_query must be an object.',
  )
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

  test('an answer of more than 100 MiB is 413, found before it is made', async () => {
    const server = await startTestServer()
    const path = await server.createCollection('c')
    await server.request('POST', `${path}/docs`, {
      data: [{ _id: 'a', text: 'x'.repeat(1_048_000), escaped: '\u0001'.repeat(175_000) }],
    })
    const times = (count: number) => Array.from({ length: count }, () => '1').join()
    const sql = (text: string) => ({ sql: { query: text } })
    const tooLarge = [
      `SELECT m.text FROM commons.c m, UNNEST([${times(101)}]) u`,
      `SELECT m.escaped FROM commons.c m, UNNEST([${times(101)}]) u`,
      `SELECT [${times(101).replaceAll('1', 'm.escaped')}] AS texts FROM commons.c m`,
      // Its text would be longer than a string can be.
      `SELECT [${times(600).replaceAll('1', 'm.text')}] AS texts FROM commons.c m`,
      `SELECT ARRAY_AGG(m.text) AS texts FROM commons.c m, UNNEST([${times(101)}]) u`,
    ]
    for (const text of tooLarge) {
      expect(await server.request('POST', '/queries', sql(text))).toMatchObject({
        status: 413,
        body: { type: 'CONTENTTOOLARGE' },
      })
    }
    const whole = await server.request('POST', '/queries', sql(`SELECT m.text FROM commons.c m, UNNEST([${times(99)}]) u`))
    expect(whole.status).toBe(200)
    expect(Number(whole.headers.get('content-length'))).toBe(whole.text.length)
    expect(whole.body.results.map(({ text }: { text: string }) => text.length)).toEqual(Array(99).fill(1_048_000))
  })

  test('a query takes no longer than timeout_ms, and then others are answered', async () => {
    const server = await startTestServer()
    const path = await server.createCollection('c')
    await server.request('POST', `${path}/docs`, { data: Array.from({ length: 300 }, (_, index) => ({ _id: String(index) })) })
    const query = 'SELECT COUNT(*) FROM commons.c a, commons.c b, commons.c d, commons.c e'
    const start = performance.now()
    const running = server.request('POST', '/queries', { sql: { query }, timeout_ms: 200 })
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
    expect(await running).toMatchObject({ status: 408, body: { type: 'QUERY_TIMEOUT', error_id: 'timeout' } })
    expect(performance.now() - start).toBeLessThan(5_000)
    for (const timeout_ms of [-1, 1.5, 'soon'])
      expect(await server.request('POST', '/queries', { sql: { query: 'SELECT 1' }, timeout_ms })).toMatchObject({ status: 400 })
  })

  test('more results than max_initial_results are 501, as there are no pages', async () => {
    const { request } = await startTestServer()
    const sql = { query: 'SELECT u FROM UNNEST([1, 2, 3]) u' }
    expect(await request('POST', '/queries', { sql, max_initial_results: 2 })).toMatchObject({ status: 501 })
    expect((await request('POST', '/queries', { sql, max_initial_results: 3 })).body.results_total_doc_count).toBe(3)
  })

  test('a body may be 1,000 levels deep', async () => {
    const server = await startTestServer()
    const path = await server.createCollection('c')
    // Three levels are around the arrays.
    const nested = (levels: number) => `{"data":[{"_id":"a","a":${'['.repeat(levels - 3)}${']'.repeat(levels - 3)}}]}`
    expect((await server.request('POST', `${path}/docs`, nested(1_000))).body.data).toMatchObject([{ status: 'ADDED' }])
    expect(await server.request('POST', `${path}/docs`, nested(1_001))).toMatchObject({
      status: 400,
      body: { type: 'INVALIDINPUT' },
    })
    const { text } = await server.request('POST', '/queries', { sql: { query: 'SELECT a FROM commons.c' } })
    expect(text).toContain('['.repeat(997))
  })

  test('more than 20,000 documents are 400', async () => {
    const server = await startTestServer()
    const path = await server.createCollection('c')
    const documents = (count: number) => ({ data: Array.from({ length: count }, (_, index) => ({ _id: String(index) })) })
    expect((await server.request('POST', `${path}/docs`, documents(20_001))).status).toBe(400)
    expect((await server.request('POST', `${path}/docs`, documents(20_000))).status).toBe(200)
    expect((await server.request('GET', path)).body.data.stats.doc_count).toBe(20_000)
  })

  test('any number of offsets may be asked for', async () => {
    const server = await startTestServer()
    const path = await server.createCollection('c')
    const name = [...Array(700_000).fill('f1:0:0:0:1'), 'f1:0:0:0:2', 'f1:0:0:0:1']
    expect(await server.request('POST', `${path}/offsets/commit`, { name })).toMatchObject({
      status: 200,
      body: { data: { fence: 'f1:0:0:0:2', passed: false } },
    })
  })

  test('all headers are read, however many', async () => {
    const { url } = await startTestServer()
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const many = Array.from({ length: 5_000 }, (_, index) => `x${index}: 1\r\n`).join('')
    const own = 'Host: localhost\r\nAuthorization: ApiKey k\r\nConnection: close\r\n'
    socket.end(`GET /v1/orgs/self HTTP/1.1\r\n${many}${own}\r\n`)
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /)
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
      '{"data":[{"_id":"k",12345678901234567890:1}]}',
      '{"data":1}',
      '[]',
      'null',
      '"x"',
    ]
    const deep = `{"data":[{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}]}`
    const long = `{"data":[{"a":${'9'.repeat(2_000)}}]}`
    for (const body of [...bodies, deep, long]) {
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
