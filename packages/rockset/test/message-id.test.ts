import { isHistoryError } from '@hist/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { database, proxy } from './fixture.js'

const COLLECTIONS = '/v1/orgs/self/ws/commons/collections'

describe.each(['session', 'message'] as const)('layout %s', layout => {
  const open = (messageUuidMethod: unknown) =>
    database.store({ layout, collection: `of-${layout}`, messageUuidMethod } as never, proxy.url)
  const isWritten = () => proxy.count(`${layout === 'session' ? 'PATCH' : 'POST'} ${COLLECTIONS}/of-${layout}/docs`) > 0

  // In layout message, the first append of a store probes the server by a patch.
  beforeAll(async () => {
    await open(undefined).session('any').messages()
  })

  test.each([undefined, null, Number.NaN, Number.POSITIVE_INFINITY, 10n, Symbol('id'), Promise.resolve('id'), {}])(
    'messageUuidMethod that returns %o is a TypeError, and nothing is written',
    async id => {
      const error = await open(() => id)
        .session('s')
        .append([human('x')])
        .catch(reason => reason)
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toMatch(/messageUuidMethod must return/)
      expect(isWritten()).toBe(false)
    },
  )

  test('what messageUuidMethod throws is the cause of an append that failed', async () => {
    const cause = new Error('of the app')
    const fail = () => {
      throw cause
    }
    const chat = open(fail).session('s')
    const error = await chat.append([human('x')]).catch(reason => reason)
    expect(error).toMatchObject({ code: 'UNKNOWN', outcome: 'failed', retryable: false, cause })
    expect(error.message).toMatch(/messageUuidMethod/)
    expect(isWritten()).toBe(false)
  })

  test('a wrong id behind pieces that are written leaves the outcome open', async () => {
    let calls = 0
    const store = open(() => (++calls > store.supports.atomicAppend.messages ? undefined : calls))
    const chat = store.session('long')
    const error = await chat.append(range(store.supports.atomicAppend.messages + 1).map(() => human('x'))).catch(reason => reason)
    expect(isHistoryError(error)).toBe(true)
    expect(error).toMatchObject({ code: 'INVALID_CONFIGURATION', outcome: 'unknown' })
    expect(error.message).toMatch(/messageUuidMethod must return/)
  })
})
