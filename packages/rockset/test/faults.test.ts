import type { HistoryError, HistoryStore } from '@hist/core'
import type { Fault, ProxyRequest, Rule } from '@hist/fault-proxy'
import type { RocksetCollectionOptions } from '@hist/rockset/store'
import { beforeAll, describe, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { randomFrom, range } from '../../core/test/numbers.js'
import { type Attempt, failedButStored, outcomeOf, problemsOf, textsOf } from '../../core/test/storm-report.js'
import { database, proxy } from './fixture.js'

const throttled: Fault = { status: 429, body: { type: 'RATELIMITEXCEEDED', message: 'too many requests' } }
const notReady: Fault = { status: 503, body: { type: 'NOT_READY', message: 'not yet' } }
const page: Fault = { status: 502, body: '<html>Bad Gateway</html>', contentType: 'text/html' }
const LOST: readonly (readonly [string, Fault])[] = [
  ['drop-before', 'drop-before'],
  ['drop-after', 'drop-after'],
  ['truncate', 'truncate'],
  ['error-before', 'error-before'],
  ['error-after', 'error-after'],
  ['throttled', throttled],
  ['not ready', notReady],
  ['a page for people', page],
]

describe.each(['session', 'message'] as const)('layout %s', layout => {
  const collection = `of-${layout}`
  let count = 0
  const nextSession = () => `s${count++}`
  const open = (options: Partial<RocksetCollectionOptions> & { timeoutMs?: number } = {}): HistoryStore =>
    database.store({ layout, collection, timeoutMs: 60_000, ...options } as never, proxy.url)
  const isWrite = ({ method, path }: ProxyRequest) =>
    path.endsWith('/docs') && method === (layout === 'session' ? 'PATCH' : 'POST')
  const direct = (session: string) => database.store({ layout, collection } as never).session(session)
  const stored = async (session: string) => contents(await direct(session).messages()).map(String)

  beforeAll(async () => {
    await direct('makes the collection').append([human('x')])
  })

  test.each(LOST)('each request of an append, a read and a clear meets %s once: one copy, nothing lost', async (_name, fault) => {
    const session = nextSession()
    const chat = open().session(session)
    const met = new Set<string>()
    // The first of each kind of request, and of a patch each one that does something else.
    proxy.use(request => {
      const kind = `${request.method} ${request.path.split('/').at(-1)} ${request.method === 'PATCH' ? opsOf(request) : ''}`
      if (request.method === 'GET' || met.has(kind)) return 'pass'
      met.add(kind)
      return fault
    })
    await chat.append([human('a'), human('b')])
    met.clear()
    await chat.append([human('c')])
    expect(met.size).toBeGreaterThanOrEqual(2)
    met.clear()
    expect(contents(await chat.messages())).toEqual(['a', 'b', 'c'])
    expect(met.size).toBe(1)
    met.clear()
    await chat.clear()
    expect(met.size).toBeGreaterThanOrEqual(2)
    await chat.append([human('d')])
    proxy.use()
    expect(await stored(session)).toEqual(['d'])
  })

  test('what is given up comes neither behind what follows nor twice', async () => {
    for (const isFirst of [true, false]) {
      const session = nextSession()
      const store = open()
      if (!isFirst) await store.session(session).append([human('before')])
      const late = holdFirst(isWrite)
      proxy.use(late.rule)
      const error = await late.givenUp(signal => store.session(session).append([human('given up')], { signal }))
      expect(error).toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
      await store.session(session).append([human('next')])
      await late.arrives()
      const before = isFirst ? [] : ['before']
      // In layout message the place is part of what is written.
      const arrived = layout === 'message' ? ['given up'] : []
      expect(await stored(session)).toEqual([...before, ...arrived, 'next'])
      await store.session(session).append([human('given up')], { id: error.appendId ?? '' })
      expect([...(await stored(session))].sort()).toEqual([...before, 'given up', 'next'].sort())
    }
  })

  test('a clear that is given up removes nothing of what follows', async () => {
    const session = nextSession()
    const chat = open().session(session)
    await chat.append([human('before')])
    const late = holdFirst(request => isWrite(request) || request.method === 'DELETE')
    proxy.use(late.rule)
    expect(await late.givenUp(signal => chat.clear({ signal }))).toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
    await chat.append([human('next')])
    await late.arrives()
    expect(await stored(session)).toContain('next')
  })

  // In layout message the late one is an append of its own, of unknown outcome.
  if (layout === 'session') {
    test('a first append that is given up does not come back after a clear', async () => {
      const session = nextSession()
      const chat = open().session(session)
      const late = holdFirst(isWrite)
      proxy.use(late.rule)
      await late.givenUp(signal => chat.append([human('given up')], { signal }))
      await chat.clear()
      await late.arrives()
      expect(await stored(session)).toEqual([])
    })
  }

  test('the first request of an append arrives after its repeat, after that was given up, and after a clear', async () => {
    const session = nextSession()
    const chat = open().session(session)
    await chat.append([human('before')])
    const late = holdFirst(isWrite)
    proxy.use(late.rule)
    const error = await late.givenUp(signal => chat.append([human('once')], { signal }))
    const again = { id: error.appendId ?? '' }
    await chat.append([human('once')], again)
    await late.arrives()
    expect(await stored(session)).toEqual(['before', 'once'])
    await open()
      .session(session)
      .append([human('once')], again)
    await late.arrives()
    expect(await stored(session)).toEqual(['before', 'once'])
    if (layout === 'message') return
    await chat.clear()
    await late.arrives()
    expect(await stored(session)).toEqual([])
  })

  test('a request without an answer is given up in time for another one', async () => {
    const session = nextSession()
    const chat = open().session(session)
    await chat.append([human('before')])
    const late = holdFirst(isWrite)
    proxy.use(late.rule)
    await chat.append([human('in time')], { timeoutMs: 5_500 })
    await late.arrives()
    expect(await stored(session)).toEqual(['before', 'in time'])
  })

  test.each([3, 7])(
    '6 writers, one request in five lost (seed %i): each append once, whole, in the order of its writer',
    async seed => {
      const session = nextSession()
      const random = randomFrom(seed)
      const faults = LOST.map(([, fault]) => fault)
      proxy.use(() => (random() < 0.2 ? faults[Math.floor(random() * faults.length)] : 'pass'))
      const attempts: Attempt[] = []
      const problems = new Set<string>()
      const write = async (writer: string) => {
        const chat = open().session(session)
        for (const number of range(15)) {
          const attempt: Attempt = { writer, number, size: 1 + (number % 3), outcome: 'running' }
          attempts.push(attempt)
          try {
            await chat.append(textsOf(attempt).map(human))
            attempt.outcome = 'acknowledged'
          } catch (error) {
            attempt.outcome = outcomeOf(error, problems)
          }
        }
      }
      await Promise.all(range(6).map(writer => write(`w${writer}`)))
      proxy.use()
      const texts = await stored(session)
      expect([...problems, ...problemsOf(texts, attempts), ...failedButStored(texts, attempts)]).toEqual([])
      expect(attempts.filter(({ outcome }) => outcome !== 'acknowledged')).toEqual([])
    },
  )

  test('300 appends at once of as many stores are all kept', async () => {
    const session = nextSession()
    const stores = range(300).map(() => open())
    await Promise.all(stores.map((store, number) => store.session(session).append([human(`${number}`)])))
    const numbers = (await stored(session)).map(Number).sort((one, other) => one - other)
    expect(numbers).toEqual(range(300))
  })

  test('two stores that append to a new session at once, 200 times: both are there each time', async () => {
    const stores = [open(), open()]
    for (const _ of range(200)) {
      const session = nextSession()
      await Promise.all(stores.map((store, index) => store.session(session).append([human(`${index}`)])))
      expect((await stored(session)).sort()).toEqual(['0', '1'])
    }
  })
})

function opsOf(request: ProxyRequest): string {
  const { data } = request.json() as { data: { patch: { op: string; path: string }[] }[] }
  return data.flatMap(({ patch }) => patch.map(({ op, path }) => `${op} ${path}`)).join()
}

interface Held {
  readonly rule: Rule
  /** What the call fails with when its caller gives up as soon as the request is held. */
  givenUp(call: (signal: AbortSignal) => Promise<unknown>): Promise<HistoryError>
  arrives(): Promise<void>
}

/** The first such request never gets an answer, and arrives when the test says so, as often as it says so. */
function holdFirst(isMeant: (request: ProxyRequest) => boolean): Held {
  let held: ProxyRequest | undefined
  const giveUp = new AbortController()
  return {
    rule(request) {
      if (held !== undefined || !isMeant(request)) return 'pass'
      held = request
      giveUp.abort()
      return 'hang-before'
    },
    givenUp: call => failureOf(call(giveUp.signal)),
    async arrives() {
      if (held === undefined) throw new Error('no such request was made')
      const { method, path, body, headers } = held
      const { authorization = '', 'content-type': type = '' } = headers
      const answer = await fetch(database.url + path, { method, body, headers: { authorization, 'content-type': type } })
      expect(answer.status).toBe(200)
    },
  }
}

async function failureOf(call: Promise<unknown>): Promise<HistoryError> {
  return call.then(
    () => {
      throw new Error('resolved')
    },
    error => error,
  )
}
