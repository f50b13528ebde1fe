import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { RocksetError } from '@hist/rockset/store'
import { expect, test } from 'vitest'
import { historyErrorOf } from '../src/errors.js'

const context = { collection: 'commons.chat', create: 'POST it' }

const ofConnection = (code: string) => new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })

test.each([
  [new RocksetError(401, { type: 'AUTHEXCEPTION' }), 'ACCESS_DENIED', 'failed'],
  [new RocksetError(403, {}), 'ACCESS_DENIED', 'failed'],
  [new RocksetError(404, { type: 'NOTFOUND' }), 'NOT_SET_UP', 'failed'],
  [new RocksetError(400, { type: 'QUERY_ERROR', error_id: 'collection_not_found' }), 'NOT_SET_UP', 'failed'],
  [new RocksetError(400, { type: 'QUERY_ERROR', error_id: 'syntax_error' }), 'UNKNOWN', 'failed'],
  [new RocksetError(400, { type: 'INVALIDINPUT' }), 'UNKNOWN', 'failed'],
  [new RocksetError(408, { type: 'QUERY_TIMEOUT' }), 'TIMEOUT', 'unknown'],
  [new RocksetError(413, { type: 'CONTENTTOOLARGE' }), 'TOO_LARGE', 'failed'],
  [new RocksetError(429, {}), 'THROTTLED', 'failed'],
  [new RocksetError(501, { type: 'NOTIMPLEMENTEDYET' }), 'UNSUPPORTED', 'failed'],
  [new RocksetError(502, {}), 'UNAVAILABLE', 'unknown'],
  [new RocksetError(503, { type: 'NOT_READY' }), 'UNAVAILABLE', 'unknown'],
  [{ type: 'NOTFOUND', message: 'of an injected client' }, 'NOT_SET_UP', 'failed'],
  [{ type: 'RATELIMITEXCEEDED' }, 'THROTTLED', 'failed'],
  [{ code: 502, message: 'Bad Gateway', bodyText: '<html>' }, 'UNAVAILABLE', 'unknown'],
  [Object.assign(new Error('reset'), { name: 'FetchError', code: 'ECONNRESET' }), 'UNAVAILABLE', 'unknown'],
  [ofConnection('ECONNREFUSED'), 'UNAVAILABLE', 'failed'],
  [ofConnection('UND_ERR_SOCKET'), 'UNAVAILABLE', 'unknown'],
  [new TypeError('terminated'), 'UNAVAILABLE', 'unknown'],
  [new SyntaxError('Unexpected end of JSON input'), 'UNAVAILABLE', 'unknown'],
  [Object.assign(new Error('aborted'), { name: 'AbortError' }), 'TIMEOUT', 'unknown'],
  [{ message: 'inside a 200' }, 'UNKNOWN', 'unknown'],
  ['text', 'UNKNOWN', 'unknown'],
] as [unknown, string, string][])('%o is %s, %s', (cause, code, outcome) => {
  expect(historyErrorOf(cause, context)).toMatchObject({ code, outcome, cause })
})

test('a connection that was not made: to where, and why', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const meaning = async (url: string) => {
    const error = await fetch(url).catch(reason => reason)
    return historyErrorOf(error, context)
  }
  expect(await meaning(`http://127.0.0.1:${port}`)).toMatchObject({
    message: `Rockset: no connection to 127.0.0.1:${port} (ECONNREFUSED)`,
    code: 'UNAVAILABLE',
    outcome: 'failed',
  })
  expect(await meaning('http://127.0.0.1:1')).toMatchObject({
    message: "Rockset: no connection (bad port): Node's fetch takes no server on this port",
    code: 'UNAVAILABLE',
    outcome: 'failed',
  })
  const cause = {
    code: 'ECONNREFUSED',
    errors: [
      { address: '::1', port: 1234 },
      { address: '127.0.0.1', port: 1234 },
    ],
  }
  const ofBoth = historyErrorOf(new TypeError('fetch failed', { cause }), context)
  expect(ofBoth.message).toBe('Rockset: no connection to ::1:1234, to 127.0.0.1:1234 (ECONNREFUSED)')
})
