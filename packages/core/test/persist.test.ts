import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import { DeadlineCall } from '../src/call.js'
import { HistoryError } from '../src/errors.js'
import { pause, persist } from '../src/persist.js'

const busy = () => new HistoryError('busy', { code: 'THROTTLED', outcome: 'failed' })

describe('pause', () => {
  it('throws what ended the call', async () => {
    const call = new DeadlineCall(10)
    await assert.rejects(pause(60_000, call), error => error === call.signal.reason)
    await assert.rejects(pause(0, call), { code: 'TIMEOUT' })
    call.end()
  })
})

describe('persist', () => {
  it('repeats a request while its errors are retryable', async () => {
    const call = new DeadlineCall(10_000)
    let requests = 0
    const answer = await persist(call, async () => {
      if (++requests < 4) throw busy()
      return requests
    })
    assert.equal(answer, 4)
    call.end()
  })

  it.each([new HistoryError('no', { code: 'ACCESS_DENIED' }), new TypeError('no')])('throws %o at once', async error => {
    const call = new DeadlineCall(10_000)
    let requests = 0
    const request = async () => {
      requests++
      throw error
    }
    await assert.rejects(persist(call, request), thrown => thrown === error)
    assert.equal(requests, 1)
    call.end()
  })

  it('throws the last error, not TIMEOUT, when less time remains than the next pause takes', async () => {
    const call = new DeadlineCall(10_000)
    const errors: HistoryError[] = []
    const request = async () => {
      errors.push(busy())
      throw errors.at(-1)
    }
    // The shortest first pause is 12.5 ms.
    const remaining = [10_000, 10_000, 12]
    const hurried = { signal: call.signal, request: call.request, remainingMs: () => remaining.shift() ?? 0 }
    await assert.rejects(persist(hurried, request), error => error === errors[2])
    assert.equal(errors.length, 3)
    call.end()
  })
})
