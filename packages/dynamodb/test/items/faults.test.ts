import { Agent } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { HistoryError, HistoryStore } from '@hist/core'
import { createDynamoDBHistory, DynamoDBBackend, type DynamoDBTableOptions } from '@hist/dynamodb/store'
import { dynamoDBError, type Fault, startFaultProxy, throttle } from '@hist/fault-proxy'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { contents, human } from '../../../core/test/messages.js'
import { randomFrom, range } from '../../../core/test/numbers.js'
import { withoutRepeats } from '../../../core/test/without-repeats.js'
import { historyErrorOf } from '../../src/errors.js'
import { CREDENTIALS, noise, sdkClient } from '../database.js'
import { database, nextSession, proxy, tableName } from '../fixture.js'

async function failureOf(call: Promise<unknown>): Promise<HistoryError> {
  return call.then(
    () => {
      throw new Error('resolved')
    },
    error => error,
  )
}

const LOST: Fault[] = ['drop-before', 'drop-after', 'truncate', 'error-before', 'error-after', throttle()]

describe('an append whose first answer is lost', () => {
  const kinds: [string, Partial<DynamoDBTableOptions>, number][] = [
    ['small', {}, 10],
    ['small, with TTL', { ttlSeconds: 60 }, 10],
    ['split', { compress: false }, 900_000],
    ['split, with TTL', { compress: false, ttlSeconds: 60 }, 900_000],
  ]
  const cases = kinds.flatMap(kind =>
    LOST.map(fault => [...kind, typeof fault === 'object' ? 'throttle' : fault, fault] as const),
  )

  test.each(cases)('%s (%j, %i bytes): %s leaves one copy', async (_name, options, bytes, _fault, fault) => {
    const session = nextSession()
    const chat = database.store({ tableName, ...options }, proxy.url).session(session)
    const text = noise(bytes)
    // The probe, each part, the head: every request is lost once. The attempt in the keys of parts is another one each time.
    const lost = new Set<string>()
    proxy.use(({ operation, body }) => {
      const key = `${operation} ${/"SK":\{"S":"(.)[^"]*?(#\d{5})?"/.exec(body.toString())?.slice(1)}`
      if (lost.has(key)) return undefined
      lost.add(key)
      return fault
    })
    await chat.append([human(text), human('second')])
    proxy.use()
    expect(lost.size).toBe(bytes > 1_000 ? 5 : 2)
    expect(contents(await chat.messages())).toEqual([text, 'second'])
    const heads = (await database.items(tableName, session)).filter(item => item.SK?.S?.startsWith('m#'))
    expect(heads).toHaveLength(1)
  })

  test('120 appends: none thrown, 120 stored, in order', async () => {
    const chat = database.store({ tableName, timeoutMs: 60_000 }, proxy.url).session(nextSession())
    const seen = new Set<string>()
    proxy.use(request => {
      const key = request.body.toString()
      if (request.operation !== 'PutItem' || seen.has(key)) return undefined
      seen.add(key)
      return 'drop-after'
    })
    const appends = range(120).map(number => chat.append([human(`${number}`)]))
    expect((await Promise.allSettled(appends)).filter(append => append.status === 'rejected')).toEqual([])
    expect(proxy.count('PutItem')).toBe(240)
    expect(contents(await chat.messages())).toEqual(range(120).map(String))
  })

  test('120 appends through an injected client with its own retries', async () => {
    const client = sdkClient(proxy.url, 4)
    const store = createDynamoDBHistory({ tableName, client, timeoutMs: 60_000 })
    const chat = store.session(nextSession())
    proxy.use(({ operation, nth }) => (operation === 'PutItem' && nth % 2 === 1 ? 'drop-after' : undefined))
    await Promise.all(range(120).map(number => chat.append([human(`${number}`)])))
    expect(contents(await chat.messages())).toEqual(range(120).map(String))
    client.destroy()
  })

  test('300 appends of 10 writers, one request in five lost: none thrown, none twice', async () => {
    const session = nextSession()
    const store = database.store({ tableName, timeoutMs: 60_000 }, proxy.url)
    const random = randomFrom(7)
    const faults: Fault[] = LOST
    proxy.use(() => (random() < 0.2 ? faults[Math.floor(random() * faults.length)] : undefined))
    const writers = range(10).map(async writer => {
      const stores = database.store({ tableName, timeoutMs: 60_000 }, proxy.url)
      for (const number of range(30))
        await stores.session(session).append([human(`${writer}.${number}`), human(`${writer}.${number}`)])
    })
    await Promise.all(writers)
    proxy.use()
    const stored = contents(await store.session(session).messages()).map(String)
    expect(stored).toHaveLength(600)
    for (const writer of range(10)) {
      const own = stored.filter(text => text.startsWith(`${writer}.`))
      expect(own).toEqual(range(30).flatMap(number => [`${writer}.${number}`, `${writer}.${number}`]))
    }
  })

  test('20 split appends, one request in five lost', async () => {
    const chat = database.store({ tableName, timeoutMs: 60_000 }, proxy.url).session(nextSession())
    const random = randomFrom(11)
    proxy.use(() => (random() < 0.2 ? LOST[Math.floor(random() * LOST.length)] : undefined))
    const texts = range(20).map(number => `${number} ${noise(700_000)}`)
    for (const text of texts) await chat.append([human(text)])
    proxy.use()
    const stored = contents(await chat.messages())
    expect(stored.map((text, index) => text === texts[index])).toEqual(texts.map(() => true))
  })
})

describe('a head with parts', () => {
  test('is not put twice by the retries of an injected client: a clear between the two puts would leave it without parts', async () => {
    const session = nextSession()
    const client = sdkClient(proxy.url, 4)
    const chat = createDynamoDBHistory({ tableName, client, compress: false }).session(session)
    const direct = database.store({ tableName }).session(session)
    const heads: string[] = []
    let lost = false
    proxy.use(async request => {
      if (lost) {
        lost = false
        await direct.clear()
      }
      if (request.operation !== 'PutItem' || !request.body.includes('"SK":{"S":"m#')) return undefined
      heads.push(request.body.toString())
      lost = heads.length === 1
      return lost ? 'drop-after' : undefined
    })
    const text = noise(900_000)
    await chat.append([human(text)])
    expect(new Set(heads).size).toBe(2)
    expect(contents(await direct.messages())).toEqual([text])
    client.destroy()
  })
})

describe('a server that hangs', () => {
  test.each(['hang-before', 'hang-after'] as const)(
    '%s: the deadline holds, TIMEOUT, unknown; the append is wholly there or not',
    async fault => {
      const chat = database.store({ tableName }, proxy.url).session(nextSession())
      await chat.append([human('before')])
      proxy.use(({ operation }) => (operation === 'PutItem' ? fault : undefined))
      const began = performance.now()
      const messages = [human('a'), human('b')]
      const error = await failureOf(chat.append(messages, { timeoutMs: 1_500 }))
      expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true, outcome: 'unknown', backend: 'dynamodb' })
      expect(performance.now() - began).toBeLessThan(6_000)
      proxy.use()
      expect(contents(await chat.messages())).toEqual(fault === 'hang-after' ? ['before', 'a', 'b'] : ['before'])
      await chat.append(messages, { id: error.appendId ?? '' })
      expect(contents(await chat.messages())).toEqual(['before', 'a', 'b'])
    },
  )

  test('one request is given up after 3 seconds and repeated', async () => {
    const chat = database.store({ tableName }, proxy.url).session(nextSession())
    proxy.use(({ operation, nth }) => (operation === 'PutItem' && nth === 1 ? 'hang-after' : undefined))
    const began = performance.now()
    await chat.append([human('a')])
    const took = performance.now() - began
    expect(took).toBeGreaterThan(2_900)
    expect(took).toBeLessThan(9_000)
    expect(contents(await chat.messages())).toEqual(['a'])
  })

  test("the caller's signal: ABORTED, and nothing goes on behind it", async () => {
    const chat = database.store({ tableName }, proxy.url).session(nextSession())
    await chat.messages()
    proxy.use(() => 'hang-before')
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    await expect(chat.append([human('a')], { signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORTED',
      retryable: false,
    })
    await expect(chat.messages({ signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' })
    proxy.use()
    expect(await chat.messages()).toEqual([])
  })
})

describe('what errors mean', () => {
  const stores: HistoryStore[] = []
  const once = (url: string) => {
    const store = withoutRepeats(new DynamoDBBackend({ tableName, ...database.own(url) }))
    stores.push(store)
    return store
  }
  const metBy = async (call: Promise<unknown>) => (await failureOf(call)).cause as HistoryError
  afterEach(async () => {
    await Promise.all(stores.splice(0).map(store => store.close()))
  })

  test('the server is down: UNAVAILABLE, retryable, nothing was written', async () => {
    const gone = await startFaultProxy(database.url)
    await gone.close()
    const chat = once(gone.url).session('s')
    expect(await metBy(chat.append([human('a')]))).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      outcome: 'failed',
      message: `DynamoDB: no connection to ${new URL(gone.url).host} (ECONNREFUSED)`,
    })
    expect(await metBy(chat.messages())).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  })

  test('the server went down: nothing was written either', async () => {
    const leaving = await startFaultProxy(database.url)
    const chat = once(leaving.url).session(nextSession())
    await chat.append([human('a')])
    await leaving.close()
    await new Promise(resolve => setTimeout(resolve, 50))
    // The end of the kept connection is heard when the event loop polls, which comes before an immediate.
    await new Promise(resolve => setImmediate(resolve))
    await new Promise(resolve => setImmediate(resolve))
    expect(await metBy(chat.append([human('b')]))).toMatchObject({ code: 'UNAVAILABLE', retryable: true, outcome: 'failed' })
  })

  test('a host that does not exist', async () => {
    const chat = once('http://no-such-host.invalid:8000').session('s')
    expect(await metBy(chat.append([human('a')]))).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      outcome: 'failed',
      message: expect.stringContaining('no connection to no-such-host.invalid ('),
    })
  })

  test('a host of several addresses, and no server at any: the text names them', async () => {
    const addresses = ['127.0.0.1', '127.0.0.2'].map(address => ({ address, family: 4 }))
    const httpAgent = new Agent({ autoSelectFamily: true, lookup: (_host, _options, found) => found(null, addresses) })
    const client = new DynamoDBClient({
      endpoint: 'http://localhost:1',
      region: 'us-east-1',
      credentials: CREDENTIALS,
      maxAttempts: 1,
      requestHandler: { httpAgent },
    })
    const chat = withoutRepeats(new DynamoDBBackend({ tableName, client })).session('s')
    expect((await metBy(chat.messages())).message).toBe('DynamoDB: no connection to 127.0.0.1:1, to 127.0.0.2:1 (ECONNREFUSED)')
    client.destroy()
  })

  test('https where the server speaks http: final, and the text says so', async () => {
    const chat = once(database.url.replace('http:', 'https:')).session('s')
    expect(await metBy(chat.append([human('a')]))).toMatchObject({
      code: 'INVALID_CONFIGURATION',
      retryable: false,
      outcome: 'failed',
      message: expect.stringMatching(/the server does not speak https/),
    })
  })

  test.each([
    [
      'http',
      () =>
        createServer(socket =>
          socket
            .on('error', () => undefined)
            .resume()
            .end('SSH-2.0-OpenSSH\r\n'),
        ),
    ],
    // Without a certificate it agrees with nobody on a cipher.
    ['https', () => createTlsServer()],
  ])('a server that does not speak our %s', async (scheme, create) => {
    const server = create()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const chat = once(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`).session('s')
    expect(await metBy(chat.messages())).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/another protocol \((HPE_|EPROTO|ERR_SSL_).*is the address right/),
    })
    await new Promise(resolve => server.close(resolve))
  })

  // No certificate lies in the repository, so what Node says of one is made up here.
  test.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID'])('a certificate: %s', code => {
    const context = { tableName, createTable: '', wrongKeys: '', full: '', needsKeysOnly: false }
    expect(historyErrorOf(Object.assign(new Error('text'), { code }), context)).toMatchObject({
      code: 'INVALID_CONFIGURATION',
      outcome: 'failed',
      message: expect.stringContaining(code),
    })
  })

  test.each([
    ['without keys', {}, /accessKeyId or secretAccessKey is missing/],
    ['with other names', { accessKey: 'x', secretKey: 'the secret' }, /accessKeyId or secretAccessKey is missing/],
    ['from a function that gives nothing', async () => undefined, /accessKeyId or secretAccessKey is missing/],
    ['with a line break', { accessKeyId: 'the\nsecret', secretAccessKey: 'the secret' }, /line break in them/],
    ['with a line break in the token', { ...CREDENTIALS, sessionToken: 'the\nsecret' }, /line break in them/],
  ])('credentials %s: INVALID_CONFIGURATION, no secret in the text', async (_name, credentials, text) => {
    const options = { tableName, ...database.own(proxy.url), credentials: credentials as typeof CREDENTIALS }
    const store = createDynamoDBHistory(options)
    const error = await failureOf(store.session('s').append([human('a')]))
    expect(error).toMatchObject({ code: 'INVALID_CONFIGURATION', outcome: 'failed', message: expect.stringMatching(text) })
    expect(error.message).not.toMatch(/the\s?secret/)
    expect(proxy.counts.size).toBe(0)
    await store.close()
  })

  test.each([
    [throttle(), 'THROTTLED', true, 'failed'],
    [dynamoDBError('ThrottlingException'), 'THROTTLED', true, 'failed'],
    [dynamoDBError('RequestLimitExceeded'), 'THROTTLED', true, 'failed'],
    [
      dynamoDBError('AccessDeniedException', 'User: arn:aws:iam::123456789012:user/x is not authorized'),
      'ACCESS_DENIED',
      false,
      'failed',
    ],
    [dynamoDBError('UnrecognizedClientException'), 'ACCESS_DENIED', false, 'failed'],
    [dynamoDBError('ExpiredTokenException'), 'ACCESS_DENIED', false, 'failed'],
    [dynamoDBError('InvalidSignatureException'), 'ACCESS_DENIED', false, 'failed'],
    [dynamoDBError('ResourceNotFoundException'), 'NOT_SET_UP', false, 'failed'],
    [dynamoDBError('ValidationException', 'Item size has exceeded the maximum allowed size'), 'TOO_LARGE', false, 'failed'],
    [dynamoDBError('ValidationException', 'Nesting Levels have exceeded supported limits'), 'UNKNOWN', false, 'failed'],
    [dynamoDBError('UnknownOperationException'), 'UNSUPPORTED', false, 'failed'],
    [dynamoDBError('SomethingNewException'), 'UNKNOWN', false, 'failed'],
    [dynamoDBError('InternalServerError', 'x', 500), 'UNAVAILABLE', true, 'unknown'],
    [dynamoDBError('ServiceUnavailable', 'x', 503), 'UNAVAILABLE', true, 'unknown'],
    [{ status: 200, body: '<html>', contentType: 'text/html' }, 'UNAVAILABLE', true, 'unknown'],
    ['drop-before', 'UNAVAILABLE', true, 'unknown'],
    ['drop-after', 'UNAVAILABLE', true, 'unknown'],
    ['truncate', 'UNAVAILABLE', true, 'unknown'],
  ] as [Fault, string, boolean, string][])('%j of a put is %s', async (fault, code, retryable, outcome) => {
    const chat = once(proxy.url).session(nextSession())
    proxy.use(({ operation }) => (operation === 'PutItem' ? fault : undefined))
    const error = await metBy(chat.append([human('the content')]))
    expect(error).toMatchObject({ code, retryable, outcome })
    expect(error.cause).toBeInstanceOf(Error)
    expect(error.message).not.toMatch(/the content|arn:aws/)
  })

  test('no region', async () => {
    vi.stubEnv('AWS_REGION', undefined)
    vi.stubEnv('AWS_DEFAULT_REGION', undefined)
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent')
    const store = createDynamoDBHistory({ tableName, endpointUrl: proxy.url })
    expect(await failureOf(store.session('s').messages())).toMatchObject({ code: 'INVALID_CONFIGURATION', retryable: false })
    vi.unstubAllEnvs()
  })

  test('no credentials', async () => {
    const names = [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_PROFILE',
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
    ]
    for (const name of names) vi.stubEnv(name, undefined)
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nonexistent')
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    const store = createDynamoDBHistory({ tableName, endpointUrl: proxy.url, region: 'us-east-1' })
    expect(await failureOf(store.session('s').append([human('a')]))).toMatchObject({
      code: 'ACCESS_DENIED',
      retryable: false,
      outcome: 'failed',
      message: expect.stringMatching(/no usable credentials.*pass credentials.*AWS_ACCESS_KEY_ID/),
    })
    expect(proxy.counts.size).toBe(0)
    vi.unstubAllEnvs()
  })
})
