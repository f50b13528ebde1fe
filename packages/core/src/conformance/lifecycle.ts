import assert from 'node:assert/strict'
import { type HistoryErrorCode, HistoryStore, isHistoryError } from '@hist/core'
import { rejection } from './expect.js'
import { type Faults, failure, gate, planted, thrown } from './faults.js'
import { all, human, humans, read, text } from './sample.js'
import type { Section } from './suite.js'

export const openingAndClosing: Section = suite => {
  suite.test('CLOSED: after close every call is refused, append with outcome failed', async lab => {
    const store = lab.client()
    const chat = store.session(lab.session())
    await chat.append([human('kept')])
    await store.close()
    const calls = [
      () => chat.append([human('late')]),
      () => chat.messages(),
      () => chat.messages({ last: 1 }),
      () => chat.page(),
      () => all(chat.entries()),
      () => chat.clear(),
      () => all(store.sessions()),
      () => store.session(lab.session()).messages(),
    ]
    for (const call of calls) {
      const error = await rejection(call(), 'CLOSED')
      assert.deepEqual([error.outcome, error.retryable, error.backend], ['failed', false, lab.setup.home.name])
    }
    assert.deepEqual(await read(lab.chat(chat.sessionId)), ['kept'])
  })

  suite.test('close again, also at the same time, closes once; a store that was never used closes too', async lab => {
    let closed = 0
    const store = lab.faulty({
      close: async () => {
        closed++
      },
    })
    await Promise.all([store.close(), store.close()])
    await store.close()
    assert.equal(closed, 1)
    await lab.client().close()
  })

  suite.test('close waits for what runs and for what is queued, and only then closes the backend', async lab => {
    const slow = gate()
    const hold = planted(1, slow.fault)
    const order: string[] = []
    const store = lab.faulty({
      append: async (next, batch) => {
        await hold(next)
        order.push(batch.id)
      },
      close: async () => {
        order.push('closed')
      },
    })
    const chat = store.session(lab.session())
    const appends = Promise.all(humans('m', 3).map(message => chat.append([message])))
    await slow.arrival(appends)
    const closing = store.close()
    await rejection(chat.append([human('late')]), 'CLOSED')
    slow.open()
    await closing
    assert.deepEqual(order, [...(await appends), 'closed'])
    assert.deepEqual(await read(lab.chat(chat.sessionId)), humans('m', 3).map(text))
  })

  suite.test('close ends an iteration with CLOSED, never as if it were complete', async lab => {
    const session = lab.session()
    await lab.chat(session).append(humans('m', 6))
    const store = lab.faulty({})
    const met: string[] = []
    const iterating = async () => {
      for await (const entry of store.session(session).entries({ pageSize: 2 })) {
        met.push(text(entry.message))
        await store.close()
      }
    }
    await rejection(iterating(), 'CLOSED')
    assert.deepEqual(met, ['m 0', 'm 1'])
  })

  suite.test('closing one client leaves the others, and the database, as they are', async lab => {
    const [one, two] = [lab.client(), lab.client()]
    const session = lab.session()
    await one.session(session).append([human('from one')])
    await two.session(session).append([human('from two')])
    await one.close()
    assert.deepEqual(await read(two.session(session)), ['from one', 'from two'])
    await two.session(session).append([human('again')])
    assert.equal((await read(lab.chat(session))).length, 3)
  })

  suite.test('`await using` closes the store', async lab => {
    const store = lab.client()
    await store.session(lab.session()).append([human('x')])
    await store[Symbol.asyncDispose]()
    await rejection(store.session(lab.session()).messages(), 'CLOSED')
  })

  suite.test('making a client, a store or a session does no I/O: it works where nothing can be reached', async lab => {
    let calls = 0
    const count = <T>(): Promise<T> => {
      calls++
      return Promise.reject(failure('UNAVAILABLE'))
    }
    const store = lab.faulty({ append: count, read: count, clear: count, sessions: count })
    for (let index = 0; index < 1_000; index++) store.session(`${lab.session()}-${index}`).nextAppendId()
    assert.equal(calls, 0)
    const unused = new HistoryStore(lab.setup.database.open())
    await unused.close()
  })

  suite.test(
    "an error of the driver that nobody classified is UNKNOWN: never a TypeError of the caller's, its cause kept",
    async lab => {
      for (const cause of [
        new Error('socket hang up'),
        new TypeError('x is not a function'),
        { type: 'NOTFOUND' },
        'text',
        undefined,
      ]) {
        const fault = thrown(() => cause)
        const faults: Faults = { append: fault, read: fault, clear: fault, sessions: fault }
        const store = lab.faulty(faults)
        const chat = store.session(lab.session())
        const calls: [() => Promise<unknown>, 'failed' | 'unknown'][] = [
          [() => chat.append([human('x')]), 'unknown'],
          [() => chat.clear(), 'unknown'],
          [() => chat.messages(), 'failed'],
          ...(lab.supports.sessions ? [[() => all(store.sessions()), 'failed'] as [() => Promise<unknown>, 'failed']] : []),
        ]
        for (const [call, outcome] of calls) {
          const error = await rejection(call(), 'UNKNOWN')
          assert.deepEqual([error.outcome, error.retryable], [outcome, false])
          assert.equal(error.cause, cause)
        }
      }
    },
  )

  suite.test(
    'errors of the backend keep code, retryable, outcome and cause, and gain backend, session and appendId',
    async lab => {
      const codes: HistoryErrorCode[] = [
        'CONFLICT',
        'NOT_SET_UP',
        'ACCESS_DENIED',
        'INVALID_CONFIGURATION',
        'UNSUPPORTED',
        'TOO_LARGE',
      ]
      for (const code of codes) {
        const given = failure(code, 'failed')
        const chat = lab.faulty({ append: thrown(() => given), read: thrown(() => given) }).session(lab.session())
        const id = chat.nextAppendId()
        const error = await rejection(chat.append([human('x')], { id, timeoutMs: 60 }), code)
        assert.ok(isHistoryError(error) && error instanceof Error)
        const facts = [error.retryable, error.outcome, error.backend, error.session, error.appendId, error.message]
        assert.deepEqual(facts, [given.retryable, 'failed', lab.setup.home.name, chat.sessionId, id, given.message])
        const reading = await rejection(chat.messages({ timeoutMs: 60 }), code)
        assert.deepEqual([reading.session, reading.backend, reading.appendId], [chat.sessionId, lab.setup.home.name, undefined])
      }
    },
  )
}
