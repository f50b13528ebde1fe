import assert from 'node:assert/strict'
import type { HistoryStore, ReadRange } from '@hist/core'
import type { ReadFault } from './faults.js'
import type { Lab } from './lab.js'
import { humans, read, text, texts, walkBack, walkOn } from './sample.js'
import { once, type Section } from './suite.js'
import { LEFT_OUT, longSessionSize } from './supports.js'

/** Enough for indexes of four digits within one append. */
const BATCH = 1_200

/** One long session for all tests of this theme, and a short one of the same make to compare with. */
const sessions = once(async (lab: Lab) => {
  const size = longSessionSize(lab.supports, lab.setup.longSession)
  const long = lab.chat()
  const short = lab.chat()
  const messages = humans('number', size)
  for (let first = 0; first < size; first += BATCH) await long.append(messages.slice(first, first + BATCH), { timeoutMs: 60_000 })
  await short.append(messages.slice(0, 40))
  return { long: long.sessionId, short: short.sessionId, order: messages.map(text) }
})

export const longSessions: Section = suite => {
  suite.test('[5] a long session is read in full and in order', async lab => {
    const { long, order } = await sessions(lab)
    if (order.length < lab.setup.longSession) lab.leaveOut(LEFT_OUT.longSession)
    assertSame(await read(lab.chat(long)), order)
    assertSame(await read(lab.elsewhere(lab.chat(long))), order)
  })

  suite.test('messages: the newest 20 of a long session cost as many reads as those of a short one', async lab => {
    const { long, short, order } = await sessions(lab)
    const { store, ranges } = counting(lab)
    assert.deepEqual((await store.session(short).messages({ last: 20 })).map(text), order.slice(20, 40))
    const reads = ranges.splice(0).length
    assert.deepEqual((await store.session(long).messages({ last: 20 })).map(text), order.slice(-20))
    assert.equal(ranges.length, reads)
  })

  suite.test('[5] a long session is iterated both ways, each message once, in pages of constant size', async lab => {
    const { long, order } = await sessions(lab)
    const { store, ranges, largest } = counting(lab)
    for (const direction of ['oldest-first', 'newest-first'] as const) {
      const met: string[] = []
      for await (const entry of store.session(long).entries({ order: direction, pageSize: 250 })) met.push(text(entry.message))
      assertSame(direction === 'oldest-first' ? met : met.reverse(), order)
    }
    for (const range of ranges) assert.equal(range.limit, 250)
    assert.ok(largest() <= 250, `a page of ${largest()} where 250 were asked for`)
  })

  suite.test('[5] a long session is paged from the newest page to the oldest and back', async lab => {
    const { long, order } = await sessions(lab)
    const chat = lab.chat(long)
    const limit = Math.ceil(order.length / 13)
    const { pages, oldest } = await walkBack(chat, limit)
    assertSame(pages.flat(), order)
    assertSame([texts(oldest.entries), ...(await walkOn(chat, limit, oldest))].flat(), order)
  })

  suite.test('[5] a window may be as large as the session', async lab => {
    const { long, order } = await sessions(lab)
    const chat = lab.chat(long)
    assertSame((await chat.messages({ last: order.length })).map(text), order)
    assertSame((await chat.messages({ last: order.length - 1 })).map(text), order.slice(1))
    const page = await chat.page({ limit: order.length })
    assert.deepEqual(Object.keys(page), ['entries'])
    assertSame(texts(page.entries), order)
  })

  suite.test('[8] a long session is cleared in full', async lab => {
    const { long, short } = await sessions(lab)
    const chat = lab.chat(long)
    await chat.clear({ timeoutMs: 60_000 })
    assert.deepEqual(await chat.messages({ last: 5 }), [])
    assert.deepEqual(await read(lab.elsewhere(chat)), [])
    assert.equal((await read(lab.chat(short))).length, 40)
  })
}

function counting(lab: Lab): { store: HistoryStore; ranges: ReadRange[]; largest: () => number } {
  const ranges: ReadRange[] = []
  let largest = 0
  const counted: ReadFault = async (next, range) => {
    ranges.push(range)
    const slice = await next()
    largest = Math.max(largest, slice.entries.length)
    return slice
  }
  return { store: lab.faulty({ read: counted }), ranges, largest: () => largest }
}

/** Says where two long lists part, which `deepEqual` takes long to find out. */
function assertSame(actual: readonly string[], expected: readonly string[]): void {
  const at = expected.findIndex((content, index) => actual[index] !== content)
  assert.equal(at < 0 ? undefined : `${actual[at]} at ${at}`, at < 0 ? undefined : `${expected[at]} at ${at}`)
  assert.equal(actual.length, expected.length)
}
