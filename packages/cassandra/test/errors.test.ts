import { Client, errors, types } from 'cassandra-driver'
import { describe, expect, test } from 'vitest'
import { historyErrorOf } from '../src/errors.js'
import { tableSettings } from '../src/options.js'

// What a live server cannot be made to say on purpose; the other errors are met where the server gives them.
const settings = tableSettings({ keyspace: 'app' })
const codes = types.responseErrorCodes

function meaning(error: unknown): string {
  const { code, retryable, outcome } = historyErrorOf(error, settings)
  return `${code}, ${retryable ? 'retryable' : 'final'}, ${outcome}`
}

function response(code: number, text = 'text'): Error {
  return new errors.ResponseError(code, text)
}

function noHost(...inner: unknown[]): Error {
  return new errors.NoHostAvailableError(Object.fromEntries(inner.map((error, index) => [`10.0.0.${index}:9042`, error])))
}

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
const closed = Object.assign(new Error('Socket was closed'), { name: 'DriverError' })

describe('errors of the driver', () => {
  test.each([
    ['overloaded', response(codes.overloaded), 'THROTTLED, retryable, failed'],
    ['bootstrapping', response(codes.isBootstrapping), 'UNAVAILABLE, retryable, failed'],
    ['unavailable', response(codes.unavailableException), 'UNAVAILABLE, retryable, failed'],
    ['write timeout', response(codes.writeTimeout), 'TIMEOUT, retryable, unknown'],
    ['write failure', response(0x1500), 'UNAVAILABLE, retryable, unknown'],
    ['read timeout', response(codes.readTimeout), 'TIMEOUT, retryable, unknown'],
    ['server error', response(codes.serverError), 'UNKNOWN, final, unknown'],
    ['another code', response(0x7777), 'UNKNOWN, final, unknown'],
    ['busy', new errors.BusyConnectionError('10.0.0.1', 2_048, 1), 'THROTTLED, retryable, failed'],
    ['no answer', new errors.OperationTimedOutError('no', '10.0.0.1'), 'TIMEOUT, retryable, unknown'],
    ['closed', closed, 'UNAVAILABLE, retryable, unknown'],
    ['no connection', new Error('No connection available'), 'UNAVAILABLE, retryable, failed'],
    ['nobody reached', noHost(refused, refused), 'UNAVAILABLE, retryable, failed'],
    ['all down', noHost('Host considered as DOWN', refused), 'UNAVAILABLE, retryable, failed'],
    ['one was reached', noHost(refused, closed), 'UNAVAILABLE, retryable, unknown'],
    ['reset', noHost(reset), 'UNAVAILABLE, retryable, unknown'],
    ['too few replicas, at every node', noHost(response(codes.unavailableException), refused), 'UNAVAILABLE, retryable, unknown'],
    ['a password refused by one', noHost(refused, new errors.AuthenticationError('no')), 'ACCESS_DENIED, final, failed'],
    ['the table is gone', noHost(response(codes.unprepared)), 'NOT_SET_UP, final, failed'],
    ['no name was found', new errors.NoHostAvailableError({}, 'No host could be resolved'), 'UNAVAILABLE, retryable, failed'],
    ['shut down', new errors.NoHostAvailableError({}, 'Connecting after shutdown is not supported'), 'CLOSED, final, failed'],
    ['too large', response(codes.invalid, 'Request is too big: length 9 exceeds 8'), 'TOO_LARGE, final, failed'],
    ['invalid otherwise', response(codes.invalid, 'Invalid version'), 'UNKNOWN, final, failed'],
    ['long life', response(codes.invalid, 'exceeds maximum supported expiration date'), 'INVALID_CONFIGURATION, final, failed'],
    ['a bug', new TypeError('x is not a function'), 'UNKNOWN, final, unknown'],
    ['nothing', undefined, 'UNKNOWN, final, unknown'],
  ])('%s', (_, error, expected) => {
    expect(meaning(error)).toBe(expected)
    expect(historyErrorOf(error, settings).cause).toBe(error)
  })
  test('a contact point whose name nobody knows: the text names the option', async () => {
    const client = new Client({ contactPoints: ['no-such-host.invalid'], localDataCenter: 'datacenter1' })
    const error = historyErrorOf(await client.connect().catch(error => error), settings)
    await client.shutdown()
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'failed',
      message: expect.stringMatching(/names in contactPoints/),
    })
  })
})
