import assert from 'node:assert/strict'
import { rejection } from './expect.js'
import { failure, lostAfter, lostBefore, type ReadFault, thrown } from './faults.js'
import { human, humans, read, text } from './sample.js'
import type { Section } from './suite.js'
import { LEFT_OUT } from './supports.js'
import { createTestClock, otherProcessClock } from './test-clock.js'

export const clearing: Section = suite => {
  suite.test('[8] clear removes everything, for every reader and every way of reading', async lab => {
    const chat = lab.chat()
    await chat.append(humans('old', 10))
    await lab.elsewhere(chat).append(humans('old too', 10))
    await chat.clear()
    for (const reader of [chat, lab.elsewhere(chat), lab.client().session(chat.sessionId)]) {
      assert.deepEqual(await reader.messages(), [])
      assert.deepEqual(await reader.messages({ last: 3 }), [])
      assert.deepEqual(await reader.page(), { entries: [] })
    }
  })

  suite.test('[8] clear of an empty session, and clear again, change nothing and do not fail', async lab => {
    const chat = lab.chat()
    await chat.clear()
    await chat.append([human('kept')])
    assert.deepEqual(await read(chat), ['kept'])
    await chat.clear()
    await chat.clear()
    assert.deepEqual(await read(chat), [])
  })

  suite.test('[8] another client clears what this one wrote', async lab => {
    const chat = lab.chat()
    await chat.append(humans('old', 3))
    await lab.elsewhere(chat).clear()
    assert.deepEqual(await read(chat), [])
    await chat.append([human('new')])
    assert.deepEqual(await read(lab.elsewhere(chat)), ['new'])
  })

  suite.test('[8] what is appended after a clear is kept, round after round, whoever clears and whoever appends', async lab => {
    const chat = lab.chat()
    const clients = [chat, lab.elsewhere(chat)]
    for (let round = 0; round < 16; round++) {
      const writer = clients[round % 2] ?? chat
      const clearer = clients[(round >> 1) % 2] ?? chat
      await writer.append(humans(`old ${round}`, 2))
      await clearer.clear()
      assert.deepEqual(await read(clients[(round >> 2) % 2] ?? chat), [], `round ${round}`)
      await (clients[(round >> 3) % 2] ?? chat).append([human(`new ${round}`)])
      assert.deepEqual(await read(writer), [`new ${round}`])
      await clearer.clear()
    }
  })

  suite.test('[8] the same with clocks that stand still at one moment', async lab => {
    const session = lab.session()
    const startMs = Date.now()
    const [writer, clearer, later] = Array.from({ length: 3 }, () =>
      lab.client({ clock: createTestClock({ startMs }) }).session(session),
    )
    for (let round = 0; round < 5; round++) {
      await writer?.append(humans(`old ${round}`, 2))
      await clearer?.clear()
      assert.deepEqual(await read(lab.chat(session)), [], `round ${round}`)
      await later?.append([human(`new ${round}`)])
      assert.deepEqual(await read(lab.chat(session)), [`new ${round}`])
      await clearer?.clear()
    }
  })

  for (const [writes, clears, appends] of [
    [5_000, -5_000, -5_000],
    [5_000, 0, -5_000],
    [-5_000, 5_000, 0],
    [0, 5_000, -5_000],
    [0, -5_000, 0],
  ] as const) {
    const seconds = [writes, clears, appends].map(offset => `${offset / 1_000} s`).join(', ')
    suite.test(
      `[8] clear removes what was there and keeps what comes later, clocks of writer, clearer, appender off by ${seconds}`,
      async lab => {
        const session = lab.session()
        const [writer, clearer, appender] = [writes, clears, appends].map(offset =>
          lab.client({ clock: otherProcessClock(offset) }).session(session),
        )
        await writer?.append(humans('old', 3))
        await clearer?.clear()
        assert.deepEqual(await read(lab.chat(session)), [])
        await appender?.append([human('new')])
        assert.deepEqual(await read(lab.chat(session)), ['new'])
        await clearer?.append([human('newer')])
        assert.deepEqual((await read(lab.chat(session))).sort(), ['new', 'newer'])
      },
    )
  }

  suite.test(
    '[8] appends that run while a clear runs survive or vanish whole; those acknowledged before it are gone',
    async lab => {
      for (let round = 0; round < 8; round++) {
        const chat = lab.chat()
        const size = Math.min(5, lab.supports.atomicAppend.messages)
        await chat.append(humans('before', size))
        const running = Promise.all([0, 1, 2].map(number => lab.elsewhere(chat).append(humans(`meanwhile ${number}`, size))))
        await Promise.all([running, chat.clear()])
        await chat.append([human('after')])
        const left = await read(chat)
        assert.equal(left.filter(content => content === 'after').length, 1)
        assert.equal(left.filter(content => content.startsWith('before')).length, 0)
        for (const number of [0, 1, 2]) {
          const found = left.filter(content => content.startsWith(`meanwhile ${number}`))
          assert.ok(
            [0, size].includes(found.length),
            `round ${round}: ${found.length} of ${size} messages of one append are left`,
          )
        }
      }
    },
  )

  suite.test('[8] a reader sees the session before the clear or after it', async lab => {
    if (lab.supports.clear === 'gradual') return lab.leaveOut(LEFT_OUT.wholeClears)
    for (let round = 0; round < 8; round++) {
      const chat = lab.chat()
      for (const message of humans('message', 6)) await chat.append([message])
      let reads = 0
      const counted: ReadFault = next => {
        reads++
        return next()
      }
      const reader = lab.faulty({ read: counted }).session(chat.sessionId)
      const clearing = lab.elsewhere(chat).clear()
      for (let look = 0; look < 4; look++) {
        reads = 0
        const { entries } = await reader.page({ limit: 6 })
        // Two requests may well see two states.
        if (reads === 1) assert.ok([0, 6].includes(entries.length), `${entries.length} of 6 messages are visible`)
      }
      await clearing
    }
  })

  suite.test('[8] a clear whose request or answer is lost is repeated', async lab => {
    for (const fault of [lostBefore(2), lostAfter(2)]) {
      const chat = lab.faulty({ clear: fault }).session(lab.session())
      await chat.append(humans('old', 3))
      await chat.clear()
      assert.deepEqual(await read(chat), [])
      await chat.append([human('new')])
      assert.deepEqual(await read(chat), ['new'])
    }
  })

  suite.test('[8] a refused clear says failed and removes nothing; an unclear one says unknown', async lab => {
    const session = lab.session()
    await lab.chat(session).append(humans('kept', 2))
    const clearWith = async (outcome: 'failed' | 'unknown') => {
      const chat = lab.faulty({ clear: thrown(() => failure('ACCESS_DENIED', outcome)) }).session(session)
      const error = await rejection(chat.clear(), 'ACCESS_DENIED')
      assert.deepEqual([error.outcome, error.session, error.appendId], [outcome, session, undefined])
    }
    await clearWith('failed')
    await clearWith('unknown')
    assert.deepEqual(await read(lab.chat(session)), humans('kept', 2).map(text))
  })
}
