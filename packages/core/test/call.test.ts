import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it } from 'vitest'
import { attempts, DeadlineCall } from '../src/call.js'
import { HistoryError, type HistoryErrorCode, isHistoryError, type Outcome } from '../src/errors.js'

const never = () => new Promise<never>(() => undefined)

function failing(...codes: [HistoryErrorCode, Outcome?][]) {
  const seen: boolean[] = []
  const run = async (unclear: boolean) => {
    seen.push(unclear)
    const [code, outcome] = codes[seen.length - 1] ?? []
    if (code === undefined) return 'done'
    throw new HistoryError(code, { code, ...(outcome === undefined ? {} : { outcome }) })
  }
  return { run, seen }
}

async function errorOf(promise: Promise<unknown>): Promise<HistoryError> {
  const error = await promise.then(
    () => assert.fail('expected an error'),
    (error: unknown) => error,
  )
  assert.ok(isHistoryError(error), String(error))
  return error
}

describe('attempts', () => {
  it('repeats while errors are retryable, and says when an earlier attempt ended unclear', async () => {
    const call = new DeadlineCall(10_000)
    const { run, seen } = failing(['UNAVAILABLE', 'failed'], ['TIMEOUT', 'unknown'], ['THROTTLED'])
    assert.equal(await attempts(call, run), 'done')
    assert.deepEqual(seen, [false, false, true, true])
    call.end()
  })

  it('stops at an error that is not retryable, and keeps an unknown outcome from before', async () => {
    const call = new DeadlineCall(10_000)
    const { run, seen } = failing(['TIMEOUT', 'unknown'], ['ACCESS_DENIED', 'failed'])
    const error = await errorOf(attempts(call, run))
    assert.deepEqual([error.code, error.outcome, error.retryable, seen.length], ['ACCESS_DENIED', 'unknown', false, 2])
    call.end()
  })

  it('throws the last error, not TIMEOUT, when the deadline passes between attempts', async () => {
    const call = new DeadlineCall(300)
    const error = await errorOf(
      attempts(call, async () => {
        throw new HistoryError('down', { code: 'UNAVAILABLE', outcome: 'failed' })
      }),
    )
    assert.deepEqual([error.code, error.outcome, error.retryable], ['UNAVAILABLE', 'failed', true])
    call.end()
  })

  it('gives a repeat that the deadline ends the cause of the failure before', async () => {
    const call = new DeadlineCall(150)
    const cause = new Error('connect ECONNREFUSED')
    let number = 0
    const error = await errorOf(
      attempts(call, () => {
        number += 1
        return number > 1 ? never() : Promise.reject(new HistoryError('down', { code: 'UNAVAILABLE', outcome: 'failed', cause }))
      }),
    )
    assert.deepEqual([error.code, error.outcome, error.retryable, error.cause], ['TIMEOUT', 'unknown', true, cause])
    call.end()
  })

  it('starts no attempt later than it may', async () => {
    const call = new DeadlineCall(10_000)
    const { run, seen } = failing(...Array.from({ length: 50 }, (): ['THROTTLED'] => ['THROTTLED']))
    const error = await errorOf(attempts(call, run, false, 200))
    assert.equal(error.code, 'THROTTLED')
    assert.ok(seen.length > 1 && seen.length < 10, `${seen.length} attempts`)
    call.end()
  })

  it('does not begin after the deadline, even if the timer has not fired yet', async () => {
    const call = new DeadlineCall(20)
    const until = performance.now() + 60
    while (performance.now() < until);
    const { run, seen } = failing()
    const error = await errorOf(attempts(call, run))
    assert.deepEqual([error.code, error.outcome, seen.length], ['TIMEOUT', 'failed', 0])
    call.end()
  })

  it('holds the deadline over something deaf', async () => {
    const call = new DeadlineCall(100)
    const error = await errorOf(attempts(call, never))
    assert.deepEqual([error.code, error.outcome, error.retryable], ['TIMEOUT', 'unknown', true])
    call.end()
  })

  it('ends with ABORTED when the caller gives up: unknown while sent, failed while pausing after a failure', async () => {
    const controller = new AbortController()
    const sent = new DeadlineCall(10_000, controller.signal)
    const reason = new Error('user left')
    setTimeout(() => controller.abort(reason), 30)
    const error = await errorOf(attempts(sent, never))
    assert.deepEqual([error.code, error.outcome, error.retryable, error.cause], ['ABORTED', 'unknown', false, reason])

    const second = new AbortController()
    const pausing = new DeadlineCall(10_000, second.signal)
    const failed = await errorOf(
      attempts(pausing, async () => {
        setImmediate(() => second.abort())
        throw new HistoryError('no', { code: 'UNAVAILABLE', outcome: 'failed' })
      }),
    )
    assert.deepEqual([failed.code, failed.outcome], ['ABORTED', 'failed'])
  })
})

describe('call.request', () => {
  it('bounds one request, aborts its signal and says TIMEOUT whatever the driver throws', async () => {
    const call = new DeadlineCall(10_000)
    let aborted = false
    const error = await errorOf(
      call.request(50, signal => {
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true
            reject(new Error("the driver's own AbortError"))
          })
        })
      }),
    )
    assert.deepEqual([error.code, error.outcome, error.retryable, aborted], ['TIMEOUT', 'unknown', true, true])
    assert.ok(call.remainingMs() > 5_000)
    call.end()
  })

  it('ends with the call when that is over first', async () => {
    const call = new DeadlineCall(50)
    assert.equal((await errorOf(call.request(60_000, never))).code, 'TIMEOUT')
    assert.equal(call.remainingMs(), 0)
    assert.equal((await errorOf(call.request(60_000, () => assert.fail('must not start')))).code, 'TIMEOUT')
    call.end()
  })

  it("lets the driver's own errors through", async () => {
    const call = new DeadlineCall(10_000)
    const own = new Error('own')
    await assert.rejects(
      call.request(1_000, () => Promise.reject(own)),
      error => error === own,
    )
    call.end()
  })

  it('leaves no listener and no timer behind', async () => {
    const controller = new AbortController()
    let listeners = 0
    const { signal } = controller
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }) as typeof add
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }) as typeof remove
    for (let i = 0; i < 100; i++) {
      const call = new DeadlineCall(60_000, signal)
      await attempts(call, () => call.request(30_000, () => sleep(0)))
      call.end()
    }
    assert.equal(listeners, 0)
    const timers = process.getActiveResourcesInfo().filter(name => name === 'Timeout')
    assert.ok(timers.length < 10, `${timers.length} timers`)
  })
})
