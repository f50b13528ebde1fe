import assert from 'node:assert/strict'
import type { ChatHistory, Entry } from '@hist/core'
import { refused, rejection } from './expect.js'
import { failure, pagesOf, type ReadFault } from './faults.js'
import type { Lab } from './lab.js'
import { all, human, humans, read, text, texts, walkBack, walkOn } from './sample.js'
import { once, type Section } from './suite.js'
import { createTestClock } from './test-clock.js'

/** Twelve messages, all of one moment: one append of six, and appends of two writers whose clocks stand still. */
const oneMoment = once(async (lab: Lab) => {
  const session = lab.session()
  const startMs = Date.now()
  const writers = [0, 1].map(() => lab.client({ clock: createTestClock({ startMs }) }).session(session))
  await writers[0]?.append(humans('a', 6))
  for (const [index, writer] of writers.entries())
    await Promise.all(humans(`w${index}`, 3).map(message => writer.append([message])))
  return { session, order: await read(lab.chat(session)) }
})

export const paging: Section = suite => {
  suite.test('page: without a cursor the newest entries, oldest first, with older but without newer', async lab => {
    const chat = await seven(lab)
    const page = await chat.page({ limit: 3 })
    assert.deepEqual(texts(page.entries), ['m 4', 'm 5', 'm 6'])
    assert.equal(page.newer, undefined)
    assert.equal(typeof page.older, 'string')
    assert.deepEqual(Object.keys(await chat.page({ limit: 7 })), ['entries'])
    assert.deepEqual(Object.keys(await chat.page({ limit: 8 })), ['entries'])
  })

  suite.test('page: older and newer are exact in reading direction, and set in the direction one came from', async lab => {
    const chat = await seven(lab)
    const newest = await chat.page({ limit: 3 })
    const middle = await chat.page({ limit: 3, before: newest.older ?? '' })
    const oldest = await chat.page({ limit: 3, before: middle.older ?? '' })
    assert.deepEqual(
      [middle, oldest].map(page => texts(page.entries)),
      [['m 1', 'm 2', 'm 3'], ['m 0']],
    )
    assert.deepEqual(
      [middle.older, oldest.older].map(cursor => typeof cursor),
      ['string', 'undefined'],
    )
    assert.deepEqual(
      [middle.newer, oldest.newer].map(cursor => typeof cursor),
      ['string', 'string'],
    )
    const back = await chat.page({ limit: 3, after: oldest.newer ?? '' })
    const last = await chat.page({ limit: 3, after: back.newer ?? '' })
    assert.deepEqual(
      [back, last].map(page => texts(page.entries)),
      [
        ['m 1', 'm 2', 'm 3'],
        ['m 4', 'm 5', 'm 6'],
      ],
    )
    assert.deepEqual(
      [back.newer, last.newer].map(cursor => typeof cursor),
      ['string', 'undefined'],
    )
    assert.deepEqual(
      [back.older, last.older].map(cursor => typeof cursor),
      ['string', 'string'],
    )
  })

  suite.test('page: every entry id is a cursor, exclusive in both directions', async lab => {
    const chat = await seven(lab)
    const { entries } = await chat.page()
    const order = texts(entries)
    assert.equal(new Set(entries.map(entry => entry.id)).size, 7)
    for (const [index, { id }] of entries.entries()) {
      assert.match(id, /^[\w-]+$/, 'an entry id is base64url')
      assert.deepEqual(texts((await chat.page({ before: id })).entries), order.slice(0, index))
      assert.deepEqual(texts((await chat.page({ after: id })).entries), order.slice(index + 1))
      assert.deepEqual(texts((await chat.page({ before: id, limit: 2 })).entries), order.slice(Math.max(0, index - 2), index))
      assert.deepEqual(texts((await chat.page({ after: id, limit: 2 })).entries), order.slice(index + 1, index + 3))
    }
  })

  suite.test('page: 50 entries unless told otherwise', async lab => {
    const chat = lab.chat()
    await chat.append(humans('m', 51))
    const page = await chat.page()
    assert.deepEqual(texts(page.entries), humans('m', 51).slice(1).map(text))
    assert.equal(typeof page.older, 'string')
  })

  suite.test('page: an entry has the same id in every view and for every client', async lab => {
    const chat = await seven(lab)
    const ids = (entries: readonly Entry[]) => entries.map(entry => entry.id)
    const known = ids((await chat.page()).entries)
    assert.deepEqual(ids((await lab.elsewhere(chat).page()).entries), known)
    assert.deepEqual(ids(await all(chat.entries())), known)
    assert.deepEqual(ids(await all(chat.entries({ order: 'newest-first', pageSize: 2 }))).reverse(), known)
    await chat.append([human('more')])
    assert.deepEqual(ids((await chat.page()).entries).slice(0, 7), known)
  })

  for (const limit of [1, 2, 3, 5]) {
    suite.test(`[5] pages of ${limit} over entries of one moment meet each exactly once, back and forth`, async lab => {
      const { session, order } = await oneMoment(lab)
      const chat = lab.chat(session)
      assert.equal(new Set(order).size, 12)
      const { pages, oldest } = await walkBack(chat, limit)
      assert.deepEqual(pages.flat(), order)
      const forth = [texts(oldest.entries), ...(await walkOn(chat, limit, oldest))]
      assert.deepEqual(forth.flat(), order)
    })

    suite.test(
      `[5] iteration ${limit} at a time over entries of one moment meets each exactly once, from an entry too`,
      async lab => {
        const { session, order } = await oneMoment(lab)
        const chat = lab.chat(session)
        const entries = await all(chat.entries({ pageSize: limit }))
        assert.deepEqual(texts(entries), order)
        assert.deepEqual(texts(await all(chat.entries({ pageSize: limit, order: 'newest-first' }))).reverse(), order)
        for (const index of [0, 4, 7, 11]) {
          const from = entries[index]?.id
          assert.deepEqual(texts(await all(chat.entries({ pageSize: limit, from }))), order.slice(index + 1))
          const older = await all(chat.entries({ pageSize: limit, from, order: 'newest-first' }))
          assert.deepEqual(texts(older).reverse(), order.slice(0, index))
        }
      },
    )
  }

  suite.test('[5] a backend may give shorter pages than asked for, or empty ones with a next: nothing is left out', async lab => {
    const { session, order } = await oneMoment(lab)
    for (const faults of [{ read: pagesOf(1) }, { read: pagesOf(5) }, { read: emptyInBetween() }]) {
      const chat = lab.faulty(faults).session(session)
      assert.deepEqual(await read(chat), order)
      assert.deepEqual((await chat.messages({ last: 7 })).map(text), order.slice(-7))
      assert.deepEqual(texts((await chat.page({ limit: 4 })).entries), order.slice(-4))
      assert.deepEqual((await walkBack(chat, 3)).pages.flat(), order)
      assert.deepEqual(texts(await all(chat.entries({ order: 'newest-first' }))).reverse(), order)
    }
  })

  suite.test('[5] a page that fails is repeated by itself', async lab => {
    const { session, order } = await oneMoment(lab)
    const froms: (string | undefined)[] = []
    const read: ReadFault = (next, range) => {
      froms.push(range.from)
      return froms.length === 3 ? Promise.reject(failure('UNAVAILABLE')) : next()
    }
    const chat = lab.faulty({ read }).session(session)
    assert.deepEqual(texts(await all(chat.entries({ pageSize: 4 }))), order)
    assert.equal(froms[2], froms[3])
    assert.equal(new Set(froms).size, froms.length - 1)
  })

  suite.test('[5] a page that cannot be read makes the read fail, never end early', async lab => {
    const { session } = await oneMoment(lab)
    let reads = 0
    const refuseSecond: ReadFault = (next, range) =>
      ++reads === 2 ? Promise.reject(failure('ACCESS_DENIED')) : next({ ...range, limit: 4 })
    const chat = lab.faulty({ read: refuseSecond }).session(session)
    for (const whole of [() => chat.messages(), () => chat.messages({ last: 9 }), () => chat.page(), () => all(chat.entries())]) {
      reads = 0
      const error = await rejection(whole(), 'ACCESS_DENIED')
      assert.deepEqual([error.outcome, error.session, error.backend], ['failed', session, lab.setup.home.name])
    }
  })

  suite.test('a cursor that is foreign, of another session, or damaged is a TypeError', async lab => {
    const chat = await seven(lab)
    const other = await seven(lab)
    const id = (await chat.page()).entries[3]?.id ?? ''
    const elsewhere = (await other.page()).entries[3]?.id ?? ''
    const foreign = Buffer.from(Buffer.from(id, 'base64url').toString().replace(lab.setup.home.name, 'otherbackend')).toString(
      'base64url',
    )
    const damaged = [id.slice(0, -4), `${id}AAAA`, id.slice(1), id.slice(0, 8), id.toUpperCase(), ` ${id}`, `${id}=`]
    for (const cursor of [elsewhere, foreign, ...damaged, '', 'x', '../..', 7, null, {}] as string[]) {
      await refused(`before: ${String(cursor)}`, () => chat.page({ before: cursor }))
      await refused(`after: ${String(cursor)}`, () => chat.page({ after: cursor }))
      await refused(`from: ${String(cursor)}`, () => all(chat.entries({ from: cursor })))
    }
    assert.deepEqual(texts((await chat.page({ before: id })).entries), ['m 0', 'm 1', 'm 2'])
  })

  suite.test('entries: an iteration that is left early reads no further', async lab => {
    let reads = 0
    const { session, order } = await oneMoment(lab)
    const counted: ReadFault = next => {
      reads++
      return next()
    }
    const chat = lab.faulty({ read: counted }).session(session)
    for await (const entry of chat.entries({ pageSize: 2 })) {
      assert.equal(text(entry.message), order[0])
      break
    }
    assert.equal(reads, 1)
  })

  suite.test('[5] entries: what is appended behind the reader while it reads is met, what was there is met once', async lab => {
    const chat = await seven(lab)
    const met: string[] = []
    for await (const entry of chat.entries({ pageSize: 2 })) {
      met.push(text(entry.message))
      if (met.length === 3) await chat.append([human('added')])
    }
    assert.deepEqual(met, [...humans('m', 7).map(text), 'added'])
  })
}

async function seven(lab: Lab): Promise<ChatHistory> {
  const chat = lab.chat()
  await chat.append(humans('m', 4))
  for (const message of humans('m', 7).slice(4)) await chat.append([message])
  return chat
}

/** Before every page an empty one that leads to it. */
function emptyInBetween(): ReadFault {
  return async (next, range) => {
    if (range.from?.startsWith('~') !== true) return { entries: [], next: `~${range.from ?? ''}` }
    return next({ ...range, from: range.from.slice(1) || undefined, limit: Math.min(range.limit ?? 4, 4) })
  }
}
