import assert from 'node:assert/strict'
import type { SessionSlice } from '@hist/core'
import { rejection } from './expect.js'
import { type Fault, failure, lostBefore, planted, type SessionsFault } from './faults.js'
import type { Lab } from './lab.js'
import { all, human, listed, unique } from './sample.js'
import type { Section } from './suite.js'
import { LEFT_OUT } from './supports.js'

export const listing: Section = suite => {
  /** A test that only backends with `supports.sessions` can pass. */
  const test = (promise: string, run: (lab: Lab) => Promise<void>) =>
    suite.test(promise, async lab => (lab.supports.sessions ? run(lab) : lab.leaveOut(LEFT_OUT.listing)))

  suite.test('a backend that cannot list sessions says UNSUPPORTED', async lab => {
    const store = lab.supports.sessions ? lab.faulty({ supports: { sessions: false } }) : lab.setup.shared.here
    const error = await rejection(all(store.sessions()), 'UNSUPPORTED')
    assert.deepEqual(
      [error.outcome, error.retryable, error.backend, error.session],
      ['failed', false, lab.setup.home.name, undefined],
    )
  })

  test('sessions() gives every session that holds something, each once', async lab => {
    const { run, ids } = await sessions(lab, 25)
    assert.deepEqual(await listed(lab.setup.shared.here, run), ids)
    assert.deepEqual(await listed(lab.setup.shared.there, run), ids)
    const everything = await all(lab.setup.shared.here.sessions())
    assert.equal(new Set(everything).size, everything.length)
    assert.deepEqual(everything.filter(id => id.startsWith(run)).sort(), ids)
    assert.deepEqual((await all(lab.setup.shared.here.sessions({ prefix: '' }))).sort(), everything.sort())
  })

  test('sessions() with a prefix gives what starts with it, the prefix itself too', async lab => {
    const run = unique()
    const ids = [run, `${run}-a`, `${run}-ab`, `${run}-b`, `${run}-A`]
    await Promise.all(ids.map(id => lab.chat(id).append([human(id)])))
    const starting = (prefix: string) => ids.filter(id => id.startsWith(prefix)).sort()
    for (const prefix of [run, `${run}-`, `${run}-a`, `${run}-A`, `${run}-ab`, `${run}-abc`]) {
      assert.deepEqual(await listed(lab.setup.shared.here, prefix), starting(prefix), prefix)
    }
  })

  test('sessions() leaves out what was cleared, and sessions of which nothing was ever stored', async lab => {
    const { run, ids } = await sessions(lab, 3)
    await lab.chat(ids[1]).clear()
    await lab.chat(`${run}-empty`).append([])
    await lab.chat(`${run}-read`).messages()
    await lab.chat(`${run}-cleared`).clear()
    assert.deepEqual(await listed(lab.setup.shared.there, run), [ids[0], ids[2]])
    await lab.chat(ids[1]).append([human('again')])
    assert.deepEqual(await listed(lab.setup.shared.there, run), ids)
  })

  test('[5] sessions() goes on over pages, short and empty ones too, and drops repeats', async lab => {
    const { run, ids } = await sessions(lab, 7)
    const store = lab.faulty({ sessions: pagesOfTwo() })
    assert.deepEqual(await listed(store, run), ids)
  })

  test('[5] a page of sessions() that fails is repeated; one that cannot be read makes the listing fail', async lab => {
    const { run, ids } = await sessions(lab, 3)
    const pages = pagesOfTwo()
    const lost = lostBefore(2)
    assert.deepEqual(
      await listed(lab.faulty({ sessions: (next, range, call) => lost(() => pages(next, range, call)) }), run),
      ids,
    )
    const refusing: Fault = planted(1, () => Promise.reject(failure('ACCESS_DENIED')))
    const faulty: SessionsFault = (next, range, call) => (range.after === undefined ? pages(next, range, call) : refusing(next))
    const error = await rejection(listed(lab.faulty({ sessions: faulty }), run), 'ACCESS_DENIED')
    assert.deepEqual([error.outcome, error.backend], ['failed', lab.setup.home.name])
  })

  test('sessions() can be left early', async lab => {
    const { run } = await sessions(lab, 3)
    for await (const session of lab.setup.shared.here.sessions({ prefix: run })) {
      assert.ok(session.startsWith(run))
      break
    }
  })
}

async function sessions(lab: Lab, count: number): Promise<{ run: string; ids: string[] }> {
  const run = unique()
  const ids = Array.from({ length: count }, (_, index) => `${run}-${index}`)
  await Promise.all(ids.map(id => lab.chat(id).append([human('one'), human('two')])))
  return { run, ids: ids.sort() }
}

/** Takes all there are and pages them again: two at a time, the last of each once more, an empty page in between. */
function pagesOfTwo(): SessionsFault {
  return async (next, { after = '0', ...range }) => {
    const found: string[] = []
    let slice: SessionSlice | undefined
    do {
      slice = await next(slice?.next === undefined ? range : { ...range, after: slice.next })
      found.push(...slice.sessions)
    } while (slice.next !== undefined)
    const place = Number(after)
    if (place % 1 !== 0) return { sessions: [], next: String(Math.ceil(place)) }
    const page = found.sort().slice(Math.max(0, place - 1), place + 2)
    return place + 2 < found.length ? { sessions: page, next: String(place + 1.5) } : { sessions: page }
  }
}
