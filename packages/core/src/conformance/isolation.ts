import assert from 'node:assert/strict'
import type { Lab } from './lab.js'
import { human, humans, listed, read, text, unique } from './sample.js'
import { once, type Section } from './suite.js'
import { LEFT_OUT } from './supports.js'

/** Ids that something between here and the disk may take for one another, or for something else. Kafka forbids `.` against `_`. */
function hostileIds(run: string): string[] {
  const exotic = [
    '%',
    '%25',
    '#',
    '$',
    '*',
    '?',
    '"',
    "'",
    '`',
    ';',
    '\\',
    '\0',
    '\n',
    ' ',
    '\u{1F980}',
    '\u{1F468}\u200D\u{1F469}',
    '\u05D0\u202E',
    '\uFEFF',
    '$1',
    '$&',
  ]
  const paths = ['/', '//', '/../', '/./x', ':', '::', '~', '|', '&', '+', '=', '<b>']
  return [
    run,
    `${run}-`,
    `${run}-x`,
    `${run}-xy`,
    `${run}-X`,
    `${run}-Xy`,
    ` ${run}`,
    `../${run}`,
    `../../${run}`,
    `-${run}`,
    `"${run}"; DROP TABLE x; --`,
    `${run}'--`,
    `${run}\u00E9`,
    `${run}e\u0301`,
    `${run}\uAC00`,
    `${run}\u1100\u1161`,
    `${run}\u212B`,
    `${run}\u00C5`,
    `${run}\u0130`,
    `${run}i`,
    `${run}\u00DF`,
    `${run}ss`,
    ...exotic.map(character => `${run}-x${character}`),
    ...paths.map(path => `${run}${path}y`),
    `${run}${'l'.repeat(1_024 - run.length)}`,
    `${run}${'l'.repeat(1_023 - run.length)}m`,
    `${run}${'\u{1F980}'.repeat(256 - run.length / 4)}`,
    '__proto__',
    'constructor',
    'hasOwnProperty',
  ]
}

/** Every id holds two messages that name it. */
const hostile = once(async (lab: Lab) => {
  const run = unique().slice(0, 16)
  const ids = hostileIds(run)
  // Ids without the random part may hold what an earlier run left.
  await Promise.all(ids.filter(id => !id.includes(run)).map(id => lab.chat(id).clear()))
  await inGroups(ids, id => lab.chat(id).append([human(`of ${id}`), human(run)]))
  return { run, ids }
})

export const isolating: Section = suite => {
  suite.test('[7] a session id may be any text up to 1,024 bytes, and each is a session of its own', async lab => {
    const { run, ids } = await hostile(lab)
    assert.equal(new Set(ids).size, ids.length)
    assert.deepEqual([...new Set(ids.map(id => Buffer.byteLength(id)).filter(bytes => bytes >= 1_024))], [1_024])
    await inGroups(ids, async id =>
      assert.deepEqual(await read(lab.elsewhere(lab.chat(id))), [`of ${id}`, run], JSON.stringify(id)),
    )
  })

  suite.test('[7] windows, pages and cursors stay within their session', async lab => {
    const { run, ids } = await hostile(lab)
    await inGroups(ids, async id => {
      const chat = lab.chat(id)
      assert.deepEqual((await chat.messages({ last: 100 })).map(text), [`of ${id}`, run])
      const [first, second] = (await chat.page()).entries
      assert.deepEqual((await chat.page({ before: first?.id ?? '' })).entries, [], JSON.stringify(id))
      assert.deepEqual((await chat.page({ after: second?.id ?? '' })).entries, [], JSON.stringify(id))
    })
  })

  suite.test('[7] sessions() gives every id exactly as it was, and a prefix is taken literally', async lab => {
    if (!lab.supports.sessions) return lab.leaveOut(LEFT_OUT.listing)
    const { run, ids } = await hostile(lab)
    const store = lab.setup.shared.there
    for (const prefix of [
      run,
      `${run}-x`,
      `${run}-X`,
      `${run}-x%`,
      `${run}-x*`,
      `${run}-x?`,
      `${run}\u00E9`,
      `${run}e`,
      '../',
      `${run}-x\0`,
    ]) {
      const expected = ids.filter(id => id.startsWith(prefix)).sort()
      const found = (await listed(store, prefix)).filter(id => id.includes(run))
      assert.deepEqual(found, expected, JSON.stringify(prefix))
    }
  })

  suite.test('[7] clear touches its own session only', async lab => {
    const { run, ids } = await hostile(lab)
    const cleared = ids.filter((_, index) => index % 2 === 0)
    await inGroups(cleared, id => lab.chat(id).clear())
    await inGroups(ids, async (id, index) => {
      assert.deepEqual(await read(lab.elsewhere(lab.chat(id))), index % 2 === 0 ? [] : [`of ${id}`, run], JSON.stringify(id))
    })
    if (lab.supports.sessions) {
      const expected = ids.filter((id, index) => index % 2 === 1 && id.startsWith(run)).sort()
      assert.deepEqual(await listed(lab.setup.shared.here, run), expected)
    }
    await inGroups(ids, id => lab.chat(id).clear())
  })

  suite.test('[7] many sessions written at once keep their own messages', async lab => {
    const run = unique()
    const ids = Array.from({ length: 20 }, (_, index) => `${run}-${index}`)
    await Promise.all(ids.flatMap(id => [0, 1, 2].map(turn => lab.chat(id).append(humans(`${id}:${turn}`, 2)))))
    const expected = (id: string) => [0, 1, 2].flatMap(turn => humans(`${id}:${turn}`, 2).map(text))
    await Promise.all(ids.map(async id => assert.deepEqual(await read(lab.elsewhere(lab.chat(id))), expected(id))))
  })

  suite.test('[7] an append id used in two sessions stores in both', async lab => {
    const here = lab.chat()
    const there = lab.chat()
    const id = await here.append([human('here')])
    await there.append([human('there')], { id })
    assert.deepEqual([await read(here), await read(there)], [['here'], ['there']])
  })
}

/** A few at a time: fast, and kind to a server that makes something for every new session. */
async function inGroups<T>(items: readonly T[], run: (item: T, index: number) => Promise<unknown>): Promise<void> {
  const SIZE = 8
  for (let first = 0; first < items.length; first += SIZE) {
    await Promise.all(items.slice(first, first + SIZE).map((item, offset) => run(item, first + offset)))
  }
}
