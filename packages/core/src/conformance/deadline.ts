import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { ChatHistory, HistoryStore } from '@hist/core'
import { appendOf, rejection } from './expect.js'
import { deaf, type Fault, type Faults, failure, gate, planted, type ReadFault, thrown } from './faults.js'
import type { Lab } from './lab.js'
import { all, human, humans, read, text, unique } from './sample.js'
import type { Section } from './suite.js'

const DEAF: Faults = { append: deaf, read: deaf, clear: deaf, sessions: deaf }
/** A deadline of 60 ms is kept if the call ends before this. Generous: machines stall. */
const SOON_MS = 5_000

interface Operation {
  readonly name: string
  /** What an unanswered one leaves open: whether it was carried out. */
  readonly outcome: 'failed' | 'unknown'
  run(store: HistoryStore, session: string, options: { timeoutMs?: number; signal?: AbortSignal }): Promise<unknown>
}

function operations(lab: Lab): Operation[] {
  const list: Operation[] = [
    {
      name: 'append',
      outcome: 'unknown',
      run: (store, session, options) => store.session(session).append([human('x')], options),
    },
    { name: 'clear', outcome: 'unknown', run: (store, session, options) => store.session(session).clear(options) },
    { name: 'messages', outcome: 'failed', run: (store, session, options) => store.session(session).messages(options) },
    {
      name: 'messages, last',
      outcome: 'failed',
      run: (store, session, options) => store.session(session).messages({ last: 3, ...options }),
    },
    { name: 'page', outcome: 'failed', run: (store, session, options) => store.session(session).page(options) },
    { name: 'entries', outcome: 'failed', run: (store, session, options) => all(store.session(session).entries(options)) },
  ]
  if (lab.supports.sessions) {
    list.push({
      name: 'sessions',
      outcome: 'failed',
      run: (store, _session, options) => all(store.sessions({ prefix: unique(), ...options })),
    })
  }
  return list
}

export const endingEarly: Section = suite => {
  suite.test('TIMEOUT: a backend that never answers cannot hold a call beyond its timeoutMs', async lab => {
    const store = lab.faulty(DEAF)
    await together(operations(lab), async ({ name, outcome, run }) => {
      const session = lab.session()
      const began = performance.now()
      const error = await rejection(run(store, session, { timeoutMs: 60 }), 'TIMEOUT')
      const took = performance.now() - began
      assert.ok(took >= 55 && took < SOON_MS, `${name} took ${took} ms`)
      assert.deepEqual([error.retryable, error.outcome, error.backend], [true, outcome, lab.setup.home.name], name)
      assert.equal(error.session, name === 'sessions' ? undefined : session)
      assert.match(error.message, /60 ms/)
      assert.equal(name === 'append', error.appendId !== undefined, name)
    })
  })

  suite.test('TIMEOUT: timeoutMs of the store counts for every call, and that of a call goes first', async lab => {
    const store = lab.faulty(DEAF, { timeoutMs: 60 })
    await together(operations(lab), async ({ name, run }) => {
      const began = performance.now()
      await rejection(run(store, lab.session(), {}), 'TIMEOUT')
      assert.ok(performance.now() - began < SOON_MS, name)
    })
    const patient = lab.faulty({ append: deaf }, { timeoutMs: 2_000_000_000 })
    await rejection(patient.session(lab.session()).append([human('x')], { timeoutMs: 60 }), 'TIMEOUT')
  })

  suite.test("TIMEOUT: what a backend's own timeouts say is the default", async lab => {
    const store = lab.faulty({ ...DEAF, timeouts: { readMs: 60, appendMs: 80 } })
    const chat = store.session(lab.session())
    assert.match((await rejection(chat.append([human('x')]), 'TIMEOUT')).message, /80 ms/)
    assert.match((await rejection(chat.messages(), 'TIMEOUT')).message, /60 ms/)
  })

  suite.test('TIMEOUT: the deadline counts for each page of an iteration', async lab => {
    const chat = lab.chat()
    await chat.append(humans('m', 6))
    let pages = 0
    const slow: ReadFault = async (next, range) => {
      pages++
      await new Promise(resolve => setTimeout(resolve, 250))
      return next({ ...range, limit: 1 })
    }
    const slowly = lab.faulty({ read: slow }).session(chat.sessionId)
    // Less than six pages take, and far more than one takes on a machine that stalls.
    const timeoutMs = 1_400
    const [entries, messages] = await Promise.all([
      all(slowly.entries({ timeoutMs })),
      slowly.messages({ timeoutMs }),
      rejection(slowly.messages({ last: 6, timeoutMs }), 'TIMEOUT'),
    ])
    assert.deepEqual(
      entries.map(entry => text(entry.message)),
      humans('m', 6).map(text),
    )
    assert.deepEqual(messages.map(text), humans('m', 6).map(text))
    assert.ok(pages >= 12)
  })

  suite.test('TIMEOUT: retries end with the deadline, and the error is the last one met', async lab => {
    const chat = lab.faulty({ read: thrown(() => failure('THROTTLED')) }).session(lab.session())
    const began = performance.now()
    await rejection(chat.messages({ timeoutMs: 200 }), 'THROTTLED')
    assert.ok(performance.now() - began < SOON_MS)
  })

  suite.test('TIMEOUT: an append of unknown outcome is stored once when it is repeated with its id', async lab => {
    let stored: Promise<unknown> = Promise.resolve()
    const answerless: Fault = next => {
      // On a slow machine it fails, too, when the deadline has passed.
      stored = next().catch(() => undefined)
      return deaf(next)
    }
    const chat = lab.faulty({ append: answerless }).session(lab.session())
    const error = await rejection(chat.append(humans('once', 2), { timeoutMs: 60 }), 'TIMEOUT')
    assert.equal(error.outcome, 'unknown')
    await stored
    await lab.elsewhere(chat).append(humans('once', 2), { id: appendOf(error) })
    assert.deepEqual(await read(chat), humans('once', 2).map(text))
  })

  suite.test('ABORTED before: a signal that is already aborted sends nothing; the outcome is failed', async lab => {
    let sent = 0
    const count = <T>(next: () => Promise<T>): Promise<T> => {
      sent++
      return next()
    }
    const store = lab.faulty({ append: count, read: count, clear: count, sessions: count })
    const why = new Error('changed my mind')
    for (const { name, run } of operations(lab)) {
      const error = await rejection(run(store, lab.session(), { signal: AbortSignal.abort(why) }), 'ABORTED')
      assert.deepEqual([error.outcome, error.retryable, error.cause], ['failed', false, why], name)
    }
    assert.equal(sent, 0)
  })

  suite.test('ABORTED during: the call ends at once; append and clear are unknown, reads failed', async lab => {
    const session = lab.session()
    for (const { name, outcome, run } of operations(lab)) {
      const door = gate()
      const arriving = <T>(): Promise<T> => {
        void door.fault(() => Promise.resolve())
        return new Promise(() => undefined)
      }
      const store = lab.faulty({ append: arriving, read: arriving, clear: arriving, sessions: arriving })
      const controller = new AbortController()
      const began = performance.now()
      const ended = rejection(run(store, session, { signal: controller.signal }), 'ABORTED')
      await door.arrival(ended)
      controller.abort('stop')
      const error = await ended
      assert.ok(performance.now() - began < SOON_MS, name)
      assert.deepEqual([error.outcome, error.retryable, error.cause], [outcome, false, 'stop'], name)
      assert.equal(name === 'append', error.appendId !== undefined, name)
      door.open()
    }
  })

  suite.test('ABORTED between retries: what may have been stored stays unknown, what was refused has failed', async lab => {
    for (const outcome of ['failed', 'unknown'] as const) {
      const controller = new AbortController()
      const append = thrown(() => {
        setImmediate(() => controller.abort())
        return failure('UNAVAILABLE', outcome)
      })
      const chat = lab.faulty({ append }).session(lab.session())
      const error = await chat.append([human('x')], { signal: controller.signal }).catch(reason => reason)
      assert.equal((await rejection(Promise.reject(error), 'ABORTED')).outcome, outcome)
    }
  })

  suite.test('ABORTED after: a signal that is aborted when the call has ended changes nothing', async lab => {
    const controller = new AbortController()
    const chat = lab.chat()
    await chat.append([human('there')], { signal: controller.signal })
    controller.abort()
    assert.deepEqual(await read(chat), ['there'])
  })

  suite.test('a signal used for many calls keeps no listener of any of them', async lab => {
    const { signal } = new AbortController()
    const chat = lab.chat()
    await chat.append(humans('m', 3), { signal })
    await chat.messages({ signal })
    await chat.page({ signal, limit: 1 })
    for await (const entry of chat.entries({ signal, pageSize: 1 })) if (text(entry.message) === 'm 1') break
    await chat.clear({ signal })
    await rejection(lab.faulty(DEAF).session(lab.session()).messages({ signal, timeoutMs: 20 }), 'TIMEOUT')
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  suite.test('after a call was given up the session can be used again', async lab => {
    const chat = lab.faulty({ append: planted(1, deaf), read: planted(1, deaf), clear: planted(1, deaf) }).session(lab.session())
    await rejection(chat.append([human('given up')], { timeoutMs: 40 }), 'TIMEOUT')
    await rejection(chat.messages({ timeoutMs: 40 }), 'TIMEOUT')
    await rejection(chat.clear({ timeoutMs: 40 }), 'TIMEOUT')
    await useAgain(chat)
  })
}

async function together<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  await Promise.all(items.map(run))
}

async function useAgain(chat: ChatHistory): Promise<void> {
  await chat.append([human('used')])
  assert.deepEqual(await read(chat), ['used'])
  await chat.clear()
  assert.deepEqual(await read(chat), [])
}
