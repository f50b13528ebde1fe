import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it } from 'vitest'
import { DeadlineCall } from '../src/call.js'
import { createWriteQueue } from '../src/write-queue.js'

function harness() {
  const inTurn = createWriteQueue()
  const log: string[] = []
  const write = async (name: string, ms: number, timeoutMs = 10_000, session = 's') => {
    const call = new DeadlineCall(timeoutMs)
    try {
      await inTurn(session, call, async () => {
        log.push(`${name} starts`)
        await sleep(ms)
        log.push(`${name} ends`)
      })
    } finally {
      call.end()
    }
  }
  return { log, write }
}

describe('write queue', () => {
  it('runs the writes of one session one at a time, in call order', async () => {
    const { log, write } = harness()
    await Promise.all([write('a', 30), write('b', 5), write('c', 0)])
    assert.deepEqual(log, ['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends'])
  })

  it('does not make sessions wait for one another', async () => {
    const { log, write } = harness()
    await Promise.all([write('a', 50), write('b', 0, 10_000, 'other')])
    assert.deepEqual(log, ['a starts', 'b starts', 'b ends', 'a ends'])
  })

  it('goes on after a failure', async () => {
    const inTurn = createWriteQueue()
    const call = new DeadlineCall(10_000)
    await assert.rejects(inTurn('s', call, () => Promise.reject(new Error('no'))))
    assert.equal(await inTurn('s', call, async () => 'next'), 'next')
    call.end()
  })

  it('keeps the order when one that waits gives up: the next still waits for the one that runs', async () => {
    const { log, write } = harness()
    const slow = write('slow', 200)
    await assert.rejects(write('impatient', 0, 20), { code: 'TIMEOUT', outcome: 'failed' })
    await write('next', 0)
    await slow
    assert.deepEqual(log, ['slow starts', 'slow ends', 'next starts', 'next ends'])
  })
})
