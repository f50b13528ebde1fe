import assert from 'node:assert/strict'
import type { ChatHistory } from '@hist/core'
import { rejection } from './expect.js'
import { gate, lostBefore, planted } from './faults.js'
import type { Lab } from './lab.js'
import { all, human, humans, read, text, texts, walkBack } from './sample.js'
import type { Section } from './suite.js'
import { createTestClock, otherProcessClock } from './test-clock.js'

export const ordering: Section = suite => {
  suite.test('[3] appends that nobody awaits are stored in call order', async lab => {
    const chat = lab.chat()
    await Promise.all(humans('message', 30).map(message => chat.append([message])))
    assert.deepEqual(await read(chat), humans('message', 30).map(text))
  })

  suite.test('[3] appends are stored in call order though the first is slow or has to be repeated', async lab => {
    const slow = gate()
    const store = lab.faulty({ append: planted(1, slow.fault) })
    const chat = store.session(lab.session())
    const appends = Promise.all(humans('message', 3).map(message => chat.append([message])))
    await slow.arrival(appends)
    slow.open()
    await appends
    assert.deepEqual(await read(chat), humans('message', 3).map(text))

    const repeated = lab.faulty({ append: lostBefore(2) }).session(lab.session())
    await Promise.all(humans('message', 3).map(message => repeated.append([message])))
    assert.deepEqual(await read(repeated), humans('message', 3).map(text))
  })

  suite.test('[3] appends and clears of one store happen in call order, awaited or not', async lab => {
    const chat = lab.chat()
    const calls = [chat.append([human('gone')]), chat.append([human('gone too')]), chat.clear(), chat.append([human('kept')])]
    await Promise.all(calls)
    assert.deepEqual(await read(chat), ['kept'])
  })

  suite.test('[3] two objects of one session are one queue; another session does not wait for it', async lab => {
    const slow = gate()
    const store = lab.faulty({ append: planted(1, slow.fault) })
    const session = lab.session()
    const appends = Promise.all(humans('message', 2).map(message => store.session(session).append([message])))
    await slow.arrival(appends)
    await store.session(lab.session()).append([human('elsewhere')])
    slow.open()
    await appends
    assert.deepEqual(await read(store.session(session)), humans('message', 2).map(text))
  })

  suite.test('[3] an append that is given up while it waits has failed and does not let others pass', async lab => {
    const slow = gate()
    const chat = lab.faulty({ append: planted(1, slow.fault) }).session(lab.session())
    const first = chat.append([human('first')])
    await slow.arrival(first)
    const controller = new AbortController()
    const aborted = rejection(chat.append([human('aborted')], { signal: controller.signal }), 'ABORTED')
    const late = rejection(chat.append([human('late')], { timeoutMs: 20 }), 'TIMEOUT')
    const last = chat.append([human('last')])
    controller.abort()
    assert.equal((await aborted).outcome, 'failed')
    assert.equal((await late).outcome, 'failed')
    assert.deepEqual(await read(chat), [], 'the last append overtook the first')
    slow.open()
    await Promise.all([first, last])
    assert.deepEqual(await read(chat), ['first', 'last'])
  })

  suite.test('[3] a clear that is given up while it waits clears nothing', async lab => {
    const slow = gate()
    const chat = lab.faulty({ append: planted(1, slow.fault) }).session(lab.session())
    const first = chat.append([human('first')])
    await slow.arrival(first)
    const error = await rejection(chat.clear({ timeoutMs: 20 }), 'TIMEOUT')
    assert.equal(error.outcome, 'failed')
    slow.open()
    await first
    assert.deepEqual(await read(chat), ['first'])
  })

  suite.test('[3] an append that has seen a message sorts after it, whoever wrote it', async lab => {
    const here = lab.chat()
    await alternate(lab, [here, lab.elsewhere(here)], 20)
  })

  suite.test("[3] an append that has seen a message sorts after it, though its clock is 5 s behind the writer's", async lab => {
    const session = lab.session()
    const clients = [-5_000, 5_000, 0].map(offset => lab.client({ clock: otherProcessClock(offset) }))
    await alternate(
      lab,
      clients.map(client => client.session(session)),
      12,
    )
  })

  suite.test('[3] an append that has seen a message through a window, a page or an iteration sorts after it', async lab => {
    const seen: ((chat: ChatHistory) => Promise<unknown>)[] = [
      chat => chat.messages({ last: 1 }),
      chat => chat.page({ limit: 1 }),
      chat => all(chat.entries({ order: 'newest-first' })),
      chat => all(chat.entries()),
    ]
    for (const see of seen) {
      const ahead = lab.client({ clock: otherProcessClock(5_000) }).session(lab.session())
      await ahead.append(humans('ahead', 2))
      const behind = lab.client({ clock: otherProcessClock(-5_000) }).session(ahead.sessionId)
      await see(behind)
      await behind.append([human('answer')])
      assert.deepEqual(await read(ahead), [...humans('ahead', 2).map(text), 'answer'])
    }
  })

  suite.test('[3] writers whose clocks stand still at the same moment overwrite nothing and keep their own order', async lab => {
    const session = lab.session()
    const startMs = Date.now()
    const writers = Array.from({ length: 3 }, () => lab.client({ clock: createTestClock({ startMs }) }).session(session))
    await Promise.all(
      writers.map(async (writer, index) => {
        for (const message of humans(`writer${index}`, 8)) await writer.append([message])
      }),
    )
    const stored = await read(lab.chat(session))
    assert.equal(new Set(stored).size, 24, 'messages are missing')
    assert.equal(stored.length, 24)
    for (const index of writers.keys()) {
      assert.deepEqual(
        stored.filter(content => content.startsWith(`writer${index}`)),
        humans(`writer${index}`, 8).map(text),
      )
    }
  })

  suite.test('[3] a clock that is set back, by hours too, does not turn the order round', async lab => {
    const clock = createTestClock()
    const chat = lab.client({ clock }).session(lab.session())
    await chat.append([human('one')])
    clock.advance(-5_000)
    await chat.append([human('two')])
    clock.advance(-3_600_000)
    await chat.append([human('three')])
    clock.advance(3_606_000)
    await chat.append([human('four')])
    assert.deepEqual(await read(chat), ['one', 'two', 'three', 'four'])
  })

  suite.test('[3] all readers see one order, in both directions and in pages of any size', async lab => {
    const here = lab.chat()
    const startMs = Date.now()
    const standing = [0, 1].map(() => lab.client({ clock: createTestClock({ startMs }) }).session(here.sessionId))
    const writers = [here, lab.elsewhere(here), ...standing]
    await Promise.all(
      writers.map(async (writer, index) => {
        for (let number = 0; number < 5; number++) await writer.append(humans(`${index}:${number}:`, 2))
      }),
    )
    const order = await read(here)
    assert.equal(order.length, 40)
    for (const reader of writers) {
      assert.deepEqual(await read(reader), order)
      assert.deepEqual(texts(await all(reader.entries({ order: 'newest-first' }))).reverse(), order)
      assert.deepEqual(texts(await all(reader.entries({ pageSize: 3 }))), order)
      assert.deepEqual((await walkBack(reader, 7)).pages.flat(), order)
    }
  })

  suite.test("createdAt is the time of the append by its writer's clock, or absent throughout", async lab => {
    const startMs = Date.now() - 2_000
    const clock = createTestClock({ startMs })
    const chat = lab.client({ clock }).session(lab.session())
    await chat.append(humans('early', 2))
    clock.advance(1_500)
    await chat.append([human('later')])
    const times = (await chat.page()).entries.map(entry => entry.createdAt?.getTime())
    const known = [startMs, startMs, startMs + 1_500]
    assert.deepEqual(times, times[0] === undefined ? known.map(() => undefined) : known)
  })

  suite.test('a stored message more than 15 minutes ahead is not followed, and warned of', async lab => {
    const broken = lab.client({ clock: otherProcessClock(20 * 60_000) }).session(lab.session())
    await broken.append([human('from the future')])
    const [entry] = (await broken.page()).entries
    const warnings: string[] = []
    const reader = lab.client({
      clock: otherProcessClock(),
      onWarning: warning => warnings.push(`${warning.code} ${warning.session}`),
    })
    await read(reader.session(broken.sessionId))
    const expected = entry?.createdAt === undefined ? [] : [`CLOCK_AHEAD ${broken.sessionId}`]
    assert.deepEqual([...new Set(warnings)], expected)
    const own = reader.session(lab.session())
    await own.append([human('now')])
    const [mine] = (await own.page()).entries
    if (mine?.createdAt !== undefined)
      assert.ok(Math.abs(mine.createdAt.getTime() - Date.now()) < 60_000, 'the broken clock infects')
  })
}

/** The clients take turns; each reads what is there before it appends. */
async function alternate(lab: Lab, clients: readonly ChatHistory[], turns: number): Promise<void> {
  const expected: string[] = []
  for (let turn = 0; turn < turns; turn++) {
    const client = clients[turn % clients.length] ?? lab.chat()
    assert.deepEqual(await read(client), expected)
    await client.append([human(`turn ${turn}`)])
    expected.push(`turn ${turn}`)
  }
  for (const client of clients) assert.deepEqual(await read(client), expected)
}
