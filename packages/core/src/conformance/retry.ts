import assert from 'node:assert/strict'
import { type EncodedBatch, HistoryError, type HistoryErrorCode, type HistoryStore } from '@hist/core'
import { appendOf, rejection } from './expect.js'
import { type Fault, failure, lostAfter, lostBefore, planted, thrown } from './faults.js'
import { human, humans, read, text } from './sample.js'
import type { Section } from './suite.js'
import { LEFT_OUT } from './supports.js'
import { createTestClock } from './test-clock.js'

const DAY_MS = 86_400_000

export const exactlyOnce: Section = suite => {
  suite.test('[4] the same append again, with its id, is a no-op', async lab => {
    const chat = lab.chat()
    const id = await chat.append(humans('once', 3))
    await chat.append([human('between')])
    assert.equal(await chat.append(humans('once', 3), { id }), id)
    assert.deepEqual(await read(chat), [...humans('once', 3).map(text), 'between'])
  })

  suite.test('[4] the same append again from another client is a no-op', async lab => {
    const chat = lab.chat()
    const id = await chat.append(humans('once', 3))
    await chat.append([human('between')])
    await lab.elsewhere(chat).append(humans('once', 3), { id })
    await lab.client().session(chat.sessionId).append(humans('once', 3), { id })
    assert.deepEqual(await read(chat), [...humans('once', 3).map(text), 'between'])
  })

  suite.test('[4] one id used by two clients at the same time leaves one copy', async lab => {
    for (let round = 0; round < 5; round++) {
      const chat = lab.chat()
      await chat.append([human('first')])
      const id = chat.nextAppendId()
      const both = [chat, lab.elsewhere(chat)].map(client => client.append(humans('same', 3), { id }))
      await Promise.all(both)
      assert.deepEqual(await read(chat), ['first', ...humans('same', 3).map(text)])
    }
  })

  suite.test('[4] a repeat a day later is a no-op', async lab => {
    if (lab.supports.idempotency !== 'always') return lab.leaveOut(LEFT_OUT.lateRepeats)
    const clock = createTestClock({ startMs: Date.now() - DAY_MS })
    const session = lab.session()
    const id = await lab.client({ clock }).session(session).append(humans('once', 3))
    clock.advance(DAY_MS)
    await lab
      .client({ clock })
      .session(session)
      .append([human('today')])
    await lab.client({ clock }).session(session).append(humans('once', 3), { id })
    await lab.chat(session).append(humans('once', 3), { id })
    assert.deepEqual((await read(lab.chat(session))).sort(), [...humans('once', 3).map(text), 'today'])
  })

  suite.test('[4] an append that never arrived is repeated and stored once', async lab => {
    const chat = lab.faulty({ append: lostBefore(2) }).session(lab.session())
    await chat.append(humans('once', 2))
    assert.deepEqual(await read(chat), humans('once', 2).map(text))
  })

  suite.test('[4] an append whose answer was lost is repeated and stored once', async lab => {
    const chat = lab.faulty({ append: lostAfter(2) }).session(lab.session())
    await chat.append(humans('once', 2))
    assert.deepEqual(await read(chat), humans('once', 2).map(text))
  })

  suite.test('[4] a lost answer does not duplicate, though another client appends before the repeat', async lab => {
    const session = lab.session()
    const append: Fault = planted(1, async next => {
      await next()
      await lab.elsewhere(lab.chat(session)).append([human('other')])
      throw failure('UNAVAILABLE')
    })
    await lab.faulty({ append }).session(session).append(humans('once', 2))
    assert.deepEqual((await read(lab.chat(session))).sort(), [...humans('once', 2).map(text), 'other'])
  })

  suite.test(
    '[4] of many appends by two clients, a third of them cut before or after, each is stored once and in order',
    async lab => {
      const session = lab.session()
      const cutting = (): Fault => {
        let count = 0
        return next => ([lostBefore(), lostAfter()][count++ % 6] ?? pass)(next)
      }
      const clients = [lab.faulty({ append: cutting() }), lab.faulty({ append: cutting() })]
      const write = async (client: HistoryStore, name: string) => {
        for (let number = 0; number < 20; number++) await client.session(session).append([human(`${name} ${number}`)])
      }
      await Promise.all(clients.map((client, index) => write(client, `client${index}`)))
      const stored = await read(lab.chat(session))
      const of = (name: string) => stored.filter(content => content.startsWith(name))
      assert.deepEqual(of('client0'), humans('client0', 20).map(text))
      assert.deepEqual(of('client1'), humans('client1', 20).map(text))
      assert.equal(stored.length, 40)
    },
  )

  suite.test('[4] every attempt brings the same batch; repeat says that an earlier one may have been stored', async lab => {
    const batches: EncodedBatch[] = []
    const errors = [failure('THROTTLED', 'failed'), failure('UNAVAILABLE', 'unknown'), failure('THROTTLED', 'failed')]
    const chat = lab
      .faulty({
        async append(next, batch) {
          batches.push(batch)
          const error = errors[batches.length - 1]
          if (error !== undefined) throw error
          await next()
        },
      })
      .session(lab.session())
    const id = await chat.append([human('message')])
    const [first] = batches
    assert.deepEqual(
      batches.map(({ repeat }) => repeat),
      [false, false, true, true],
    )
    for (const batch of batches) assert.deepEqual({ ...batch, repeat: false }, first)
    assert.equal(first?.id, id)
    assert.deepEqual(await read(chat), ['message'])
  })

  suite.test('[4] repeat is set for an id of unknown past, not for one that nextAppendId just gave', async lab => {
    const repeats: boolean[] = []
    const append = async (next: () => Promise<void>, batch: EncodedBatch) => {
      repeats.push(batch.repeat)
      await next()
    }
    const chat = lab.faulty({ append }).session(lab.session())
    const id = chat.nextAppendId()
    await chat.append([human('fresh')], { id })
    await chat.append([human('fresh')], { id })
    await chat.append([human('other')], { id: lab.chat().nextAppendId() })
    assert.deepEqual(repeats, [false, true, true])
    assert.deepEqual((await read(chat)).sort(), ['fresh', 'other'])
  })

  suite.test('[4] a refused append says failed and is wholly absent', async lab => {
    const chat = lab.faulty({ append: thrown(() => failure('ACCESS_DENIED', 'failed')) }).session(lab.session())
    const error = await rejection(chat.append(humans('absent', 3)), 'ACCESS_DENIED')
    assert.deepEqual([error.outcome, error.retryable], ['failed', false])
    assert.deepEqual(await read(chat), [])
  })

  suite.test('[4] unknown sticks: one unclear attempt makes the append unknown, whatever the last one says', async lab => {
    const errors = [failure('UNAVAILABLE', 'unknown'), failure('THROTTLED', 'failed'), failure('ACCESS_DENIED', 'failed')]
    const chat = lab.faulty({ append: thrown(() => errors.shift()) }).session(lab.session())
    const error = await rejection(chat.append([human('perhaps')]), 'ACCESS_DENIED')
    assert.equal(error.outcome, 'unknown')
    assert.deepEqual(errors, [])
  })

  suite.test("[4] after an unknown outcome the same messages under the error's id are stored once", async lab => {
    const unclear = () => Promise.reject(new HistoryError('planted', { code: 'UNAVAILABLE', retryable: false }))
    for (const fault of [unclear, (next: () => Promise<void>) => next().then(unclear)]) {
      const session = lab.session()
      const error = await rejection(lab.faulty({ append: fault }).session(session).append(humans('once', 2)), 'UNAVAILABLE')
      assert.equal(error.outcome, 'unknown')
      const id = appendOf(error)
      assert.equal(await lab.chat(session).append(humans('once', 2), { id }), id)
      assert.deepEqual(await read(lab.chat(session)), humans('once', 2).map(text))
    }
  })

  suite.test('[4] an append is not repeated later than its repeat is recognised: idempotency.forSeconds', async lab => {
    let attempts = 0
    const append = thrown(() => {
      attempts++
      return failure('UNAVAILABLE')
    })
    const chat = lab.faulty({ supports: { idempotency: { forSeconds: 1 } }, append }).session(lab.session())
    const began = performance.now()
    const error = await rejection(chat.append([human('never')], { timeoutMs: 30_000 }), 'UNAVAILABLE')
    assert.equal(error.outcome, 'unknown')
    assert.ok(attempts >= 3 && performance.now() - began < 10_000, `${attempts} attempts`)
  })

  suite.test('[4] a retryable error is met with further attempts, any other with none', async lab => {
    const failing = (code: HistoryErrorCode, times: number) => {
      const met = { attempts: 0 }
      const append: Fault = next => {
        met.attempts++
        if (met.attempts <= times) throw failure(code, 'failed')
        return next()
      }
      return { met, chat: lab.faulty({ append }).session(lab.session()) }
    }
    for (const code of ['UNAVAILABLE', 'TIMEOUT', 'THROTTLED', 'CONFLICT'] as const) {
      const { met, chat } = failing(code, 3)
      await chat.append([human('at last')])
      assert.equal(met.attempts, 4)
      assert.deepEqual(await read(chat), ['at last'])
    }
    for (const code of ['TOO_LARGE', 'NOT_SET_UP', 'ACCESS_DENIED', 'UNKNOWN'] as const) {
      const { met, chat } = failing(code, Number.POSITIVE_INFINITY)
      await rejection(chat.append([human('never')]), code)
      assert.equal(met.attempts, 1)
    }
  })

  suite.test('[4] reads and clears are repeated like appends', async lab => {
    let reads = 0
    const unavailable = lostBefore(2)
    const counted: Fault = next => {
      reads++
      return unavailable(next)
    }
    const chat = lab.faulty({ read: counted, clear: lostAfter(2) }).session(lab.session())
    await lab.chat(chat.sessionId).append([human('there')])
    assert.deepEqual(await chat.messages({ last: 1 }), [human('there')])
    assert.equal(reads, 3)
    await chat.clear()
    assert.deepEqual(await read(chat), [])
  })
}

const pass: Fault = next => next()
