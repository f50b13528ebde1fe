import assert from 'node:assert/strict'
import type { Clock } from '@hist/core'
import type { Lab } from './lab.js'
import { all, human, humans, listed, read, text, texts } from './sample.js'
import type { Section } from './suite.js'
import { LEFT_OUT } from './supports.js'
import { createTestClock, otherProcessClock } from './test-clock.js'

const LONG_SECONDS = 3_600

/** Time for one test: a test clock that jumps, or the server's own time, which has to be waited for. */
class Time {
  readonly shortSeconds: number
  readonly clock: Clock
  readonly #advance: ((ms: number) => void) | undefined

  constructor(lab: Lab) {
    const testClock = lab.setup.expiry === 'clock' ? createTestClock() : undefined
    this.clock = testClock ?? otherProcessClock()
    this.shortSeconds = testClock === undefined ? 3 : 60
    this.#advance = testClock?.advance
  }

  get jumps(): boolean {
    return this.#advance !== undefined
  }

  /** Until what lives `shortSeconds` and was written by now has expired, for stores that count whole seconds too. `gone`: it has. */
  async pass(gone: () => Promise<boolean>): Promise<void> {
    if (this.#advance !== undefined) return this.#advance(this.shortSeconds * 1_000 + 1_000)
    const limit = performance.now() + this.shortSeconds * 1_000 + 20_000
    while (!(await gone()) && performance.now() < limit) await new Promise(resolve => setTimeout(resolve, 100))
  }

  /** Part of the life of what lives `shortSeconds`; nothing where time cannot be made to jump. */
  part(share: number): void {
    this.#advance?.(this.shortSeconds * 1_000 * share)
  }
}

export const expiring: Section = suite => {
  const test = (promise: string, run: (lab: Lab, time: Time) => Promise<void>, only?: 'message' | 'session') =>
    suite.test(promise, async lab => {
      const { ttl } = lab.supports
      if (ttl === false) return lab.leaveOut(LEFT_OUT.expiry)
      if (only === 'message' && ttl !== only) return lab.leaveOut(LEFT_OUT.messageExpiry)
      if (only === 'session' && ttl !== only) return lab.leaveOut(LEFT_OUT.sessionExpiry)
      await run(lab, new Time(lab))
    })

  suite.test('[9] a ttlSeconds that is no time, or any where supports.ttl is false, is a TypeError', async lab => {
    const seconds = lab.supports.ttl === false ? [60, 0] : [0, -5, Number.NaN, '60' as unknown as number]
    for (const ttlSeconds of seconds) assert.throws(() => lab.setup.database.open({ ttlSeconds }), TypeError, String(ttlSeconds))
  })

  test('[9] a message is there until ttlSeconds after its append, and then no read and no listing shows it', async (lab, time) => {
    const store = lab.client({ ttlSeconds: time.shortSeconds, clock: time.clock })
    const chat = store.session(lab.session())
    await chat.append(humans('short', 3))
    time.part(0.98)
    assert.deepEqual(await read(chat), humans('short', 3).map(text))
    await time.pass(async () => (await read(chat)).length === 0)
    assert.deepEqual(await chat.messages(), [])
    assert.deepEqual(await chat.messages({ last: 2 }), [])
    assert.deepEqual(await chat.page(), { entries: [] })
    assert.deepEqual(await all(chat.entries({ order: 'newest-first' })), [])
    if (lab.supports.sessions) assert.deepEqual(await listed(store, chat.sessionId), [])
  })

  test('[9] a client without ttlSeconds stores for good, and sees no more of what has expired than others', async (lab, time) => {
    const keeping = lab.client({ clock: time.clock })
    const passing = lab.client({ ttlSeconds: time.shortSeconds, clock: time.clock })
    const kept = keeping.session(lab.session())
    const gone = passing.session(lab.session())
    await kept.append([human('kept')])
    await gone.append([human('gone')])
    await time.pass(async () => (await read(gone)).length === 0)
    assert.deepEqual(await read(kept), ['kept'])
    assert.deepEqual(await read(passing.session(kept.sessionId)), ['kept'])
    assert.deepEqual(await read(keeping.session(gone.sessionId)), [])
  })

  test('[9] after expiry a session starts anew', async (lab, time) => {
    const chat = lab.client({ ttlSeconds: time.shortSeconds, clock: time.clock }).session(lab.session())
    await chat.append(humans('old', 2))
    await time.pass(async () => (await read(chat)).length === 0)
    const lasting = lab.client({ ttlSeconds: LONG_SECONDS, clock: time.clock }).session(chat.sessionId)
    await Promise.all(humans('new', 4).map(message => lasting.append([message])))
    assert.deepEqual(await read(chat), humans('new', 4).map(text))
    await chat.clear()
    assert.deepEqual(await read(lasting), [])
  })

  test('[9] a repeat keeps the expiry of its append, and brings nothing back', async (lab, time) => {
    const chat = lab.client({ ttlSeconds: time.shortSeconds, clock: time.clock }).session(lab.session())
    const id = await chat.append(humans('short', 2))
    time.part(0.5)
    await chat.append(humans('short', 2), { id })
    assert.deepEqual(await read(chat), humans('short', 2).map(text))
    if (time.jumps) time.part(0.52)
    else await time.pass(async () => (await read(chat)).length === 0)
    assert.deepEqual(await read(chat), [], 'the repeat made it live longer')
    await chat.append(humans('short', 2), { id })
    assert.deepEqual(await read(chat), [], 'the repeat brought it back')
  })

  test(
    '[9] each message expires by itself, in any order',
    async (lab, time) => {
      const [short, long] = [time.shortSeconds, LONG_SECONDS].map(ttlSeconds => lab.client({ ttlSeconds, clock: time.clock }))
      const session = lab.session()
      for (let turn = 0; turn < 5; turn++) {
        await short?.session(session).append(humans(`short ${turn}`, 2))
        await long?.session(session).append(humans(`long ${turn}`, 2))
      }
      const reader = lab.client({ clock: time.clock }).session(session)
      assert.equal((await read(reader)).length, 20)
      await time.pass(async () => (await read(reader)).length === 10)
      const left = Array.from({ length: 5 }, (_, turn) => humans(`long ${turn}`, 2).map(text)).flat()
      assert.deepEqual(await read(reader), left)
      assert.deepEqual((await reader.messages({ last: 7 })).map(text), left.slice(-7), 'a window counts what is left')
      const newest = await reader.page({ limit: 4 })
      const older = await reader.page({ limit: 6, before: newest.older ?? '' })
      assert.deepEqual([...texts(older.entries), ...texts(newest.entries)], left, 'pages are filled with what is left')
      assert.equal(older.older, undefined, 'there are no older entries but expired ones')
    },
    'message',
  )

  test(
    '[9] the session expires as a whole, ttlSeconds after the last append',
    async (lab, time) => {
      const [short, long] = [time.shortSeconds, LONG_SECONDS].map(ttlSeconds => lab.client({ ttlSeconds, clock: time.clock }))
      const [lasting, ending] = [lab.session(), lab.session()]
      await short?.session(lasting).append([human('one')])
      await long?.session(lasting).append([human('two')])
      await long?.session(ending).append([human('one')])
      await short?.session(ending).append([human('two')])
      const reader = lab.client({ clock: time.clock })
      await time.pass(async () => (await read(reader.session(ending))).length === 0)
      assert.deepEqual(await read(reader.session(lasting)), ['one', 'two'])
      assert.deepEqual(await read(reader.session(ending)), [])
    },
    'session',
  )
}
