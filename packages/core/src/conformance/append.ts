import assert from 'node:assert/strict'
import type { ChatHistory, HistoryStore, StoredMessage } from '@hist/core'
import type { Lab } from './lab.js'
import { human, humans, read, text } from './sample.js'
import type { Section } from './suite.js'
import { LEFT_OUT } from './supports.js'
import { createTestClock } from './test-clock.js'

const APPEND_ID = /^\d{18}-[0-3][0-9a-f]{15}$/

export const appending: Section = suite => {
  // The first test that sends anything: only then is there something to set up.
  suite.test("[1] five new clients whose first calls run at once set up without getting in each other's way", async lab => {
    const session = lab.session()
    const clients = Array.from({ length: 5 }, () => lab.client())
    await Promise.all(clients.map((client, index) => client.session(session).append([human(`first of ${index}`)])))
    const expected = clients.map((_, index) => `first of ${index}`)
    for (const client of clients) assert.deepEqual((await read(client.session(session))).sort(), expected)
  })

  suite.test('[1] append resolves with its id once every client can read the messages', async lab => {
    const chat = lab.chat()
    assert.match(await chat.append([human('hello'), human('again')]), APPEND_ID)
    assert.deepEqual(await read(chat), ['hello', 'again'])
    assert.deepEqual(await read(lab.elsewhere(chat)), ['hello', 'again'])
  })

  suite.test('[1] what was stored is read after every client was closed', async lab => {
    if (!lab.supports.durable) return lab.leaveOut(LEFT_OUT.durability)
    const session = lab.session()
    const first = lab.client()
    for (let turn = 0; turn < 10; turn++) await first.session(session).append(humans(`turn ${turn}`, 2))
    await first.close()
    const expected = Array.from({ length: 10 }, (_, turn) => [`turn ${turn} 0`, `turn ${turn} 1`]).flat()
    assert.deepEqual(await read(lab.client().session(session)), expected)
  })

  suite.test('[1] a session that nobody has written is empty, and reading does not make it', async lab => {
    const chat = lab.chat()
    assert.deepEqual(await chat.messages(), [])
    assert.deepEqual(await chat.messages({ last: 5 }), [])
    assert.deepEqual(await chat.page(), { entries: [] })
    if (lab.supports.sessions)
      for await (const session of lab.setup.shared.here.sessions({ prefix: chat.sessionId })) assert.fail(session)
  })

  suite.test('[2] the messages of one append are adjacent and in the order given', async lab => {
    const chat = lab.chat()
    await chat.append([human('before')])
    await chat.append(humans('message', 30))
    await chat.append([human('after')])
    const expected = ['before', ...humans('message', 30).map(text), 'after']
    assert.deepEqual(await read(chat), expected)
    assert.deepEqual(await read(lab.elsewhere(chat)), expected)
  })

  suite.test('[2] an append of no messages sends nothing, makes no session and has an id', async lab => {
    const appends: string[] = []
    const store = lab.faulty({ append: async (next, batch) => next(batch).finally(() => appends.push(batch.id)) })
    const chat = store.session(lab.session())
    assert.match(await chat.append([]), APPEND_ID)
    assert.deepEqual(appends, [])
    assert.deepEqual(await read(chat), [])
  })

  suite.test('[2] appends of several writers at once are never torn apart', async lab => {
    if (lab.supports.atomicAppend.messages === 1) return lab.leaveOut(LEFT_OUT.wholeAppends)
    const session = lab.session()
    const writers = [lab.setup.shared.here, lab.setup.shared.there, lab.client({ clock: createTestClock() })]
    await appendAtOnce(lab, writers, session, 12)
    assertWhole(lab, await lab.chat(session).messages(), writers.length * 12)
  })

  suite.test('[2] appends of writers whose clocks stand still at the same moment are never torn apart', async lab => {
    if (lab.supports.atomicAppend.messages === 1) return lab.leaveOut(LEFT_OUT.wholeAppends)
    const session = lab.session()
    const startMs = Date.now()
    const writers = Array.from({ length: 3 }, () => lab.client({ clock: createTestClock({ startMs }) }))
    await appendAtOnce(lab, writers, session, 8)
    assertWhole(lab, await lab.chat(session).messages(), writers.length * 8)
  })

  suite.test('[2] whoever reads while others append sees each append whole or not at all', async lab => {
    if (lab.supports.atomicAppend.messages === 1) return lab.leaveOut(LEFT_OUT.wholeAppends)
    const session = lab.session()
    const writers = [lab.setup.shared.here, lab.setup.shared.there]
    const writing = appendAtOnce(lab, writers, session, 15)
    let done = false
    const finished = writing.finally(() => {
      done = true
    })
    const readers = [lab.chat(session), lab.elsewhere(lab.chat(session))].map(async chat => {
      while (!done) {
        assertWhole(lab, await chat.messages())
        // A backend in memory would otherwise never let a timer or a turn of the event loop through.
        await new Promise(setImmediate)
      }
    })
    await Promise.all([finished, ...readers])
    assertWhole(lab, await lab.chat(session).messages(), writers.length * 15)
  })

  suite.test('[4] two clients that append at once lose nothing', async lab => {
    const here = lab.chat()
    const there = lab.elsewhere(here)
    const append = (chat: ChatHistory, name: string) =>
      Promise.all(Array.from({ length: 25 }, (_, index) => chat.append([human(`${name} ${index}`)])))
    await Promise.all([append(here, 'here'), append(there, 'there')])
    const stored = await read(here)
    const of = (name: string) => stored.filter(content => content.startsWith(name))
    assert.equal(stored.length, 50)
    assert.deepEqual(of('here'), humans('here', 25).map(text))
    assert.deepEqual(of('there'), humans('there', 25).map(text))
  })

  suite.test(
    'append takes the messages as they are when it is called; what the caller changes later is not stored',
    async lab => {
      const chat = lab.chat()
      const kwargs = { city: 'Bern' }
      const message: StoredMessage = { type: 'human', data: { content: 'as given', additional_kwargs: { kwargs } } }
      const given = structuredClone(message)
      const list: StoredMessage[] = [message]
      const appended = chat.append(list)
      kwargs.city = 'Rome'
      message.data.content = 'changed'
      list.push(human('added'))
      await appended
      assert.deepEqual(await chat.messages(), [given])
    },
  )

  suite.test('append leaves the messages it is given as they were, frozen ones too', async lab => {
    const message = human('frozen')
    Object.freeze(message.data)
    Object.freeze(message)
    const chat = lab.chat()
    await chat.append(Object.freeze([message]))
    assert.deepEqual(message, human('frozen'))
    assert.deepEqual(await chat.messages(), [human('frozen')])
  })

  suite.test('append: nextAppendId gives ids that ascend and can be used in any order', async lab => {
    const chat = lab.chat()
    const ids = Array.from({ length: 20 }, () => chat.nextAppendId())
    for (const id of ids) assert.match(id, APPEND_ID)
    assert.deepEqual([...new Set(ids)].sort(), ids)
    assert.equal(await chat.append([human('later')], { id: ids[7] ?? '' }), ids[7])
    assert.equal(await chat.append([human('earlier')], { id: ids[3] ?? '' }), ids[3])
    assert.deepEqual((await read(chat)).sort(), ['earlier', 'later'])
  })
}

/** As many messages per append as stay whole, at most 12. */
function wholeSize(lab: Lab): number {
  return Math.min(12, lab.supports.atomicAppend.messages)
}

async function appendAtOnce(lab: Lab, writers: readonly HistoryStore[], session: string, appends: number): Promise<void> {
  const size = wholeSize(lab)
  await Promise.all(
    writers.map(async (writer, name) => {
      const chat = writer.session(session)
      for (let number = 0; number < appends; number++) await chat.append(humans(`${name}:${number}:`, size))
    }),
  )
}

/** Every append is there whole and in one piece; `expected` of them if given. */
function assertWhole(lab: Lab, messages: readonly StoredMessage[], expected?: number): void {
  const size = wholeSize(lab)
  const found = messages.map(text)
  assert.equal(found.length % size, 0, 'a part of an append is visible')
  const starts = found.filter((_, index) => index % size === 0).map(content => content.replace(/ 0$/, ''))
  assert.deepEqual(
    found,
    starts.flatMap(start => humans(start, size).map(text)),
    'an append is torn apart',
  )
  assert.equal(new Set(starts).size, starts.length, 'an append is there twice')
  if (expected !== undefined) assert.equal(starts.length, expected, 'appends are missing')
}
