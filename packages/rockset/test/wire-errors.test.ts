import type { HistoryError } from '@hist/core'
import type { Fault, ProxyRequest } from '@hist/fault-proxy'
import { RocksetBackend, RocksetError } from '@hist/rockset/store'
import { beforeAll, describe, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { withoutRepeats } from '../../core/test/without-repeats.js'
import { openDatabase } from './database.js'
import { database, proxy } from './fixture.js'

let sessions = 0

const answer = (status: number, type: string, message = 'the server says so'): Fault => ({ status, body: { type, message } })
const page = (status: number): Fault => ({ status, body: '<html>sorry</html>', contentType: 'text/html' })

/** What a request meets: code, whether it is retryable, and the outcome of a write. */
const MEETS: readonly (readonly [string, Fault, string, boolean, 'failed' | 'unknown'])[] = [
  ['401', answer(401, 'AUTHEXCEPTION'), 'ACCESS_DENIED', false, 'failed'],
  ['403', answer(403, 'FORBIDDEN'), 'ACCESS_DENIED', false, 'failed'],
  ['403 of a proxy', page(403), 'ACCESS_DENIED', false, 'failed'],
  ['404', answer(404, 'NOTFOUND'), 'NOT_SET_UP', false, 'failed'],
  ['404 of another server', page(404), 'UNKNOWN', false, 'failed'],
  ['400', answer(400, 'INVALIDINPUT'), 'UNKNOWN', false, 'failed'],
  ['408', answer(408, 'QUERY_TIMEOUT'), 'TIMEOUT', true, 'unknown'],
  ['413', answer(413, 'CONTENTTOOLARGE'), 'TOO_LARGE', false, 'failed'],
  ['429', answer(429, 'RATELIMITEXCEEDED'), 'THROTTLED', true, 'failed'],
  ['431', page(431), 'UNKNOWN', false, 'failed'],
  ['500', answer(500, 'INTERNALERROR'), 'UNAVAILABLE', true, 'unknown'],
  ['500 without JSON', page(500), 'UNAVAILABLE', true, 'unknown'],
  ['501', answer(501, 'NOTIMPLEMENTEDYET'), 'UNSUPPORTED', false, 'failed'],
  ['502', page(502), 'UNAVAILABLE', true, 'unknown'],
  ['503', answer(503, 'NOT_READY'), 'UNAVAILABLE', true, 'unknown'],
  ['200 without JSON', page(200), 'UNAVAILABLE', true, 'unknown'],
  ['200 of another kind', { status: 200, body: { hello: 'world' } }, 'UNKNOWN', false, 'unknown'],
  ['200 without an object', { status: 200, body: null }, 'UNKNOWN', false, 'unknown'],
  ['a connection that breaks before', 'drop-before', 'UNAVAILABLE', true, 'unknown'],
  ['a connection that breaks after', 'drop-after', 'UNAVAILABLE', true, 'unknown'],
  ['half an answer', 'truncate', 'UNAVAILABLE', true, 'unknown'],
]

describe.each(['session', 'message'] as const)('layout %s', layout => {
  const open = (url = proxy.url) => database.store({ layout, collection: `of-${layout}` } as never, url)
  const next = () => open().session(`s${sessions++}`)
  const stored = async (session: string) => contents(await open(database.url).session(session).messages())

  beforeAll(async () => {
    await open(database.url)
      .session('makes the collection')
      .append([human('x')])
  })

  test.each(MEETS)('a write that meets %s', async (_name, fault, code, retryable, outcome) => {
    const chat = next()
    await chat.append([human('before')])
    proxy.use(request => (isWrite(request) ? fault : 'pass'))
    const id = chat.nextAppendId()
    const isCarriedOut = fault === 'drop-after' || fault === 'truncate'
    const error = await chat.append([human('the content')], { id, ...deadline(retryable) }).catch(reason => reason)
    // Where only answers are lost, layout session finds out that it is stored.
    if (!isCarriedOut || layout === 'message') {
      expect(error).toMatchObject({ retryable, backend: 'rockset', session: chat.sessionId, appendId: id })
      expectMet(error, code, outcome)
      expect(error.message).not.toMatch(/the content|the server says so/)
    }
    proxy.use()
    if (error.outcome === 'failed') expect(await stored(chat.sessionId)).toEqual(['before'])
    await chat.append([human('the content')], { id })
    expect(await stored(chat.sessionId)).toEqual(['before', 'the content'])
  })

  test.each(MEETS)(
    'the question whether a write can be read, that meets %s: it may have been written',
    async (_name, fault, _code, retryable) => {
      const chat = next()
      await chat.append([human('before')])
      const giveUp = new AbortController()
      let met = 0
      proxy.use(({ path }) => {
        if (!path.endsWith('/offsets/commit')) return 'pass'
        met += 1
        if (met === 2) giveUp.abort()
        return fault
      })
      const id = chat.nextAppendId()
      const outcome = await chat.append([human('written')], { id, signal: giveUp.signal }).then(
        () => 'stored',
        (error: HistoryError) => error.outcome,
      )
      // Layout session, before it repeats, looks whether it is stored.
      expect(layout === 'session' && retryable ? ['stored', 'unknown'] : ['unknown']).toContain(outcome)
      proxy.use()
      expect(await stored(chat.sessionId)).toEqual(['before', 'written'])
      await chat.append([human('written')], { id })
      expect(await stored(chat.sessionId)).toEqual(['before', 'written'])
    },
  )

  test.each(MEETS)('a read that meets %s', async (_name, fault, code, retryable) => {
    const chat = next()
    await chat.append([human('there')])
    proxy.use(({ path }) => (path.endsWith('/queries') ? fault : 'pass'))
    const options = deadline(retryable)
    const reads = [() => chat.messages(options), () => chat.messages({ last: 5, ...options })]
    for (const read of reads) {
      const error = await failureOf(read())
      expect(error).toMatchObject({ retryable, outcome: 'failed' })
      expectMet(error, code, 'failed')
    }
    const listing = async () => {
      for await (const _ of open().sessions(options)) break
    }
    expectMet(await failureOf(listing()), code, 'failed')
  })

  test('what is wrong with a query although the status is 200 is an error, never an empty session', async () => {
    const chat = next()
    await chat.append([human('there')])
    const errors = [{ type: 'QUERY_ERROR', message: 'no', status_code: 400 }]
    for (const [more, code, retryable] of [
      [{ query_errors: errors }, 'UNKNOWN', false],
      [{ query_errors: [{ type: 'QUERY_TIMEOUT', message: 'late' }] }, 'TIMEOUT', true],
      [{ pagination: { next_cursor: 'more' } }, 'UNKNOWN', false],
      [{ results: null }, 'UNKNOWN', false],
    ] as const) {
      const rewrite = (body: unknown) => ({ ...(body as object), ...more })
      proxy.use(({ path }) => (path.endsWith('/queries') ? { rewrite } : 'pass'))
      expect(await failureOf(chat.messages(deadline(retryable)))).toMatchObject({ code, retryable })
    }
    const nothing = { query_errors: [], pagination: { next_cursor: null } }
    proxy.use(({ path }) => (path.endsWith('/queries') ? { rewrite: body => ({ ...(body as object), ...nothing }) } : 'pass'))
    expect(contents(await chat.messages())).toEqual(['there'])
  })

  test('a session of which one answer cannot hold all is read in smaller parts', async () => {
    const chat = next()
    const numbers = range(60).map(String)
    await chat.append(numbers.map(human))
    const asked: number[] = []
    proxy.use(request => {
      if (!request.path.endsWith('/queries')) return 'pass'
      const { sql } = request.json() as { sql: { parameters: { name: string; value: string }[] } }
      asked.push(Number(sql.parameters.find(({ name }) => name === 'n')?.value))
      return (asked.at(-1) ?? 0) > 7 ? answer(413, 'CONTENTTOOLARGE') : 'pass'
    })
    expect(contents(await chat.messages())).toEqual(numbers)
    expect(contents(await chat.messages({ last: 20 }))).toEqual(numbers.slice(-20))
    expect(asked.filter(n => n > 7).length).toBeLessThan(asked.length / 2)
    proxy.use(({ path }) => (path.endsWith('/queries') ? answer(413, 'CONTENTTOOLARGE') : 'pass'))
    expect(await failureOf(chat.messages())).toMatchObject({ code: 'TOO_LARGE' })
  })

  test('a clear whose later part is refused may have removed something', async () => {
    const chat = next()
    await chat.append([human('there')])
    let writes = 0
    proxy.use(request => {
      if (isWrite(request) || request.method === 'DELETE') writes += 1
      return writes > 0 && request.path.endsWith('/offsets/commit') ? answer(401, 'AUTHEXCEPTION') : 'pass'
    })
    expect(await failureOf(chat.clear())).toMatchObject({ code: 'ACCESS_DENIED', outcome: 'unknown' })
  })

  test('a wrong key, and a server that is not there', async () => {
    const locked = await openDatabase({ apiKey: 'right' })
    try {
      const options = { layout, collection: 'chat' } as const
      const error = await failureOf(
        locked
          .store(options as never)
          .session('s')
          .append([human('x')]),
      )
      expect(error).toMatchObject({ code: 'ACCESS_DENIED', outcome: 'failed', retryable: false })
      expect(error.cause).toBeInstanceOf(RocksetError)
      expect(error.cause).toMatchObject({ status: 401, type: 'AUTHEXCEPTION' })
      const nowhere = withoutRepeats(new RocksetBackend({ ...options, ...locked.own('http://127.0.0.1:1') })).session('s')
      for (const call of [() => nowhere.append([human('x')]), () => nowhere.messages()])
        expect((await failureOf(call())).cause).toMatchObject({ code: 'UNAVAILABLE', outcome: 'failed', retryable: true })
    } finally {
      await locked.close()
    }
  })
})

function isWrite({ method, path }: ProxyRequest): boolean {
  return path.endsWith('/docs') && (method === 'PATCH' || method === 'POST')
}

/** Ends the repeats. What is not to be repeated comes out at once, and no slow machine makes a `TIMEOUT` of it. */
function deadline(retryable: boolean): { timeoutMs?: number } {
  return retryable ? { timeoutMs: 250 } : {}
}

/** What is repeated may meet the deadline in its last attempt. */
function expectMet(error: HistoryError, code: string, outcome: string): void {
  if (error.retryable) expect([code, 'TIMEOUT']).toContain(error.code)
  else expect(error.code).toBe(code)
  if (error.code === code) expect(error.outcome).toBe(outcome)
}

async function failureOf(call: Promise<unknown>): Promise<HistoryError> {
  return call.then(
    () => {
      throw new Error('resolved')
    },
    error => error,
  )
}
