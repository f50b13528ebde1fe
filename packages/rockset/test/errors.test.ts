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
