import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it } from 'vitest'
import { DeadlineCall } from '../src/call.js'
import { HistoryError } from '../src/errors.js'
import { Once } from '../src/once.js'

describe('once', () => {
  it('starts with the first caller, is shared by all, and survives the abort of one', async () => {
    let starts = 0
    const once = new Once(10_000, async () => {
      starts++
      await sleep(50)
      return 'open'
    })
    const impatient = new DeadlineCall(10)
    const patient = new DeadlineCall(10_000)
    await assert.rejects(once.get(impatient), { code: 'TIMEOUT', outcome: 'failed' })
    assert.equal(await once.get(patient), 'open')
    assert.equal(await once.get(patient), 'open')
    assert.equal(starts, 1)
    patient.end()
  })

  it('is forgotten when it fails, and what failed was not the write', async () => {
    let starts = 0
    const once = new Once(10_000, async () => {
      if (++starts === 1) throw new HistoryError('down', { code: 'UNAVAILABLE' })
      return 'open'
    })
    const call = new DeadlineCall(10_000)
    await assert.rejects(once.get(call), { code: 'UNAVAILABLE', outcome: 'failed' })
    assert.equal(await once.get(call), 'open')
    call.end()
  })

  it('has its own limit: something that hangs is forgotten too', async () => {
    let starts = 0
    const once = new Once(30, () => (++starts === 1 ? new Promise<string>(() => undefined) : Promise.resolve('open')))
    const call = new DeadlineCall(10_000)
    await assert.rejects(once.get(call), { code: 'TIMEOUT', outcome: 'failed' })
    assert.equal(await once.get(call), 'open')
    call.end()
  })

  it('may begin in the background; its failure is told to the one who asks next, if it lasts', async () => {
    let starts = 0
    const once = new Once<string>(10_000, async () => {
      starts++
      throw new HistoryError('no table', { code: 'NOT_SET_UP' })
    })
    once.beginInBackground()
    await sleep(10)
    const call = new DeadlineCall(10_000)
    await assert.rejects(once.get(call), { code: 'NOT_SET_UP' })
    assert.equal(starts, 2)
    call.end()
  })
})
