import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { dynamoDBError, type FaultProxy, halveBatchWrite, startFaultProxy, throttle } from '../src/index.js'

let server: Server
let proxy: FaultProxy
let served: string[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      served.push(body)
      const answer = JSON.stringify({ echo: body === '' ? null : JSON.parse(body) })
      response
        .writeHead(200, { 'content-type': 'application/json', 'x-amz-crc32': '1', 'content-length': Buffer.byteLength(answer) })
        .end(answer)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  proxy = await startFaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

afterAll(async () => {
  await proxy.close()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

beforeEach(() => {
  proxy.reset()
  served = []
})

function post(body: unknown, operation = 'PutItem', signal?: AbortSignal): Promise<Response> {
  const headers = { 'x-amz-target': `DynamoDB_20120810.${operation}` }
  return fetch(proxy.url, { method: 'POST', body: JSON.stringify(body), headers, ...(signal === undefined ? {} : { signal }) })
}

describe('fault proxy', () => {
  test('passes bytes on and counts by operation', async () => {
    const answer = await post({ a: 'é' })
    expect([answer.headers.get('x-amz-crc32'), await answer.json()]).toEqual(['1', { echo: { a: 'é' } }])
    await post({}, 'Query')
    await post({}, 'Query')
    expect(await (await fetch(`${proxy.url}/plain?x=1`)).json()).toEqual({ echo: null })
    expect(Object.fromEntries(proxy.counts)).toEqual({ PutItem: 1, Query: 2, 'GET /plain': 1 })
  })

  test.each([
    ['drop-before', 0],
    ['drop-after', 1],
  ] as const)('%s resets the connection', async (fault, reached) => {
    proxy.use(() => fault)
    await expect(post({})).rejects.toThrow()
    expect(served).toHaveLength(reached)
  })

  test('truncate gives half of the body', async () => {
    proxy.use(() => 'truncate')
    const answer = await post({ long: 'x'.repeat(1_000) })
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toThrow()
    expect(served).toHaveLength(1)
  })

  test.each([
    ['error-before', 0],
    ['error-after', 1],
  ] as const)('%s answers 500', async (fault, reached) => {
    proxy.use(() => fault)
    expect((await post({})).status).toBe(500)
    expect(served).toHaveLength(reached)
  })

  test.each([
    ['hang-before', 0],
    ['hang-after', 1],
  ] as const)('%s never answers', async (fault, reached) => {
    proxy.use(() => fault)
    await expect(post({}, 'PutItem', AbortSignal.timeout(1_000))).rejects.toThrow()
    expect(served).toHaveLength(reached)
  })

  test('answers itself', async () => {
    proxy.use(({ nth }) => (nth === 1 ? throttle() : dynamoDBError('AccessDeniedException', 'no')))
    const first = await post({})
    expect([first.status, ((await first.json()) as { __type: string }).__type]).toEqual([
      400,
      'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    ])
    expect(await (await post({})).json()).toMatchObject({ message: 'no' })
    expect(served).toEqual([])
  })

  test('halves a batch and drops the old checksum', async () => {
    proxy.use(halveBatchWrite)
    const answer = await post({ RequestItems: { t: [1, 2, 3], u: [4] } }, 'BatchWriteItem')
    expect(answer.headers.get('x-amz-crc32')).toBeNull()
    expect(await answer.json()).toEqual({ echo: { RequestItems: { t: [1, 2], u: [4] } }, UnprocessedItems: { t: [3] } })
  })

  test('holds a request until the rule resolves', async () => {
    let go: () => void = () => undefined
    proxy.use(() => new Promise(resolve => (go = () => resolve('error-before'))))
    const answer = post({})
    while (proxy.count('PutItem') === 0) await new Promise(resolve => setTimeout(resolve, 5))
    go()
    expect((await answer).status).toBe(500)
    expect(served).toEqual([])
  })

  test('a rule that throws is heard of when the proxy is closed', async () => {
    const own = await startFaultProxy(proxy.url, () => {
      throw new Error('mistake in the rule')
    })
    await expect(fetch(own.url)).rejects.toThrow()
    await expect(own.close()).rejects.toThrow('mistake in the rule')
  })

  test('close ends what hangs', async () => {
    const own = await startFaultProxy(proxy.url, () => 'hang-before')
    const hanging = fetch(own.url).catch((error: Error) => error)
    while (own.count('GET /') === 0) await new Promise(resolve => setTimeout(resolve, 5))
    await own.close()
    expect(await hanging).toBeInstanceOf(Error)
  })
})
