import assert from 'node:assert/strict'
import { type AppendOptions, HistoryStore, type HistoryStoreOptions, type StoredMessage } from '@hist/core'
import { refused } from './expect.js'
import type { Faults } from './faults.js'
import type { Lab } from './lab.js'
import { all, human } from './sample.js'
import type { Section } from './suite.js'

/** Arguments as a program without types may pass them. */
type Loose = never

const NOT_OPTIONS = [null, 'fast', 7, ['fast'], () => undefined]
const BAD_COUNTS = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, 2 ** 53]
const BAD_CALLS: object[] = [
  ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '100', null, 2_147_483_648].map(timeoutMs => ({ timeoutMs })),
  ...[{}, 'stop', null, 7].map(signal => ({ signal })),
  { timeout: 100 },
  { limits: 5 },
  { consistentRead: true },
]

export const checkingArguments: Section = suite => {
  suite.test('a session id that is empty, longer than 1,024 bytes, not well-formed or no string is a TypeError', async lab => {
    const store = lab.setup.shared.here
    const bad = [
      '',
      'x'.repeat(1_025),
      'é'.repeat(513),
      '\u{1F980}'.repeat(257),
      'a\uD800',
      '\uDC00b',
      undefined,
      null,
      7,
      {},
      ['a'],
      Symbol('s'),
    ]
    for (const id of bad) await refused(`session(${String(id)})`, () => store.session(id as Loose), /session/i)
    for (const prefix of ['a\uD800', 'x'.repeat(1_025), 7, null]) {
      await refused(`sessions({ prefix: ${String(prefix)} })`, () => all(store.sessions({ prefix: prefix as Loose })), /prefix/)
    }
  })

  suite.test('append: anything but an array of stored messages is a TypeError, and nothing of it is written', async lab => {
    const { chat, assertUntouched } = await watched(lab)
    const cases: [string, unknown][] = [
      ['undefined', undefined],
      ['null', null],
      ['a message', human('x')],
      ['text', 'hello'],
      ['a Set', new Set([human('x')])],
      ...[
        null,
        undefined,
        'hello',
        7,
        [],
        {},
        [human('x')],
        { type: 'human' },
        { type: 'human', data: null },
        { type: 'human', data: 'x' },
      ].map((element): [string, unknown] => [`[message, ${JSON.stringify(element)}]`, [human('fits'), element]]),
      ['type 7', [{ type: 7, data: { content: '' } }]],
      ['no type', [{ data: { content: '' } }]],
      ['a hole', new Array<StoredMessage>(2)],
      ['65,537 messages', new Array<StoredMessage>(65_537).fill(human(''))],
    ]
    for (const [what, messages] of cases) await refused(what, () => chat.append(messages as Loose))
    await assertUntouched()
  })

  suite.test('append: an id that is no append id is a TypeError', async lab => {
    const { chat, assertUntouched } = await watched(lab)
    const good = chat.nextAppendId()
    for (const id of ['', 'mine', good.toUpperCase(), `${good} `, good.slice(1), `f${good.slice(1)}`, 7, null, {}, new Date()]) {
      if (id !== good) await refused(`id: ${String(id)}`, () => chat.append([human('x')], { id: id as Loose }), /id/)
    }
    await assertUntouched()
  })

  suite.test('every call refuses options that are unknown or out of range, and sends nothing', async lab => {
    const { store, chat, assertUntouched } = await watched(lab)
    const calls: Record<string, (options: Loose) => Promise<unknown>> = {
      append: options => chat.append([human('x')], options),
      messages: options => chat.messages(options),
      page: options => chat.page(options),
      entries: options => all(chat.entries(options)),
      clear: options => chat.clear(options),
      sessions: options => all(store.sessions(options)),
    }
    for (const [name, call] of Object.entries(calls)) {
      for (const options of [...NOT_OPTIONS, ...BAD_CALLS]) {
        const [option = ''] = typeof options === 'object' ? Object.keys(options ?? {}) : []
        await refused(`${name}(${describe(options)})`, () => call(options as Loose), new RegExp(`${name}.*${option}`))
      }
    }
    await assertUntouched()
  })

  suite.test('last, limit and pageSize are whole numbers from 1; order and the cursors are what they must be', async lab => {
    const { chat, assertUntouched } = await watched(lab)
    for (const count of BAD_COUNTS as Loose[]) {
      await refused(`last: ${String(count)}`, () => chat.messages({ last: count }), /last/)
      await refused(`limit: ${String(count)}`, () => chat.page({ limit: count }), /limit/)
      await refused(`pageSize: ${String(count)}`, () => all(chat.entries({ pageSize: count })), /pageSize/)
    }
    for (const order of ['newest', 'asc', '', 7, null] as Loose[]) {
      await refused(`order: ${String(order)}`, () => all(chat.entries({ order })), /order/)
    }
    for (const wholeTurns of ['yes', 1, null] as Loose[]) {
      await refused(`wholeTurns: ${String(wholeTurns)}`, () => chat.messages({ last: 1, wholeTurns }), /wholeTurns/)
    }
    const cursor = (await lab.chat(chat.sessionId).page()).entries[0]?.id ?? ''
    await refused('before and after', () => chat.page({ before: cursor, after: cursor }), /before.*after/)
    await assertUntouched()
  })

  suite.test('a store refuses options that are unknown or wrong', async lab => {
    const bad: object[] = [
      ...BAD_CALLS.filter(options => 'timeoutMs' in options),
      { signal: new AbortController().signal },
      { onCorruptEntry: 'ignore' },
      { onCorruptEntry: null },
      { onWarning: 'console' },
      { onWarning: {} },
      { clock: {} },
      { clock: null },
      { retries: 3 },
    ]
    for (const options of bad) {
      const [option = ''] = Object.keys(options)
      await refused(describe(options), () => new HistoryStore(lab.setup.home, options as HistoryStoreOptions), new RegExp(option))
    }
    for (const options of NOT_OPTIONS) await refused(describe(options), () => new HistoryStore(lab.setup.home, options as Loose))
  })

  suite.test('options that are undefined are as if they were not given', async lab => {
    const chat = lab.chat()
    const none = { signal: undefined, timeoutMs: undefined } as unknown as AppendOptions
    await chat.append([human('x')], { ...none, id: undefined } as unknown as AppendOptions)
    assert.equal((await chat.messages({ ...none, last: undefined } as Loose)).length, 1)
    assert.equal((await chat.page({ ...none, limit: undefined, before: undefined } as Loose)).entries.length, 1)
    assert.equal((await all(chat.entries({ ...none, order: undefined, from: undefined } as Loose))).length, 1)
    await chat.clear(none)
    assert.deepEqual(await chat.messages(), [])
  })
}

/** A session with one message behind a client that counts what is sent. */
async function watched(lab: Lab) {
  const session = lab.session()
  await lab.chat(session).append([human('there')])
  let sent = 0
  const count = <T>(next: () => Promise<T>): Promise<T> => {
    sent++
    return next()
  }
  const faults: Faults = { append: count, read: count, clear: count, sessions: count }
  const store = lab.faulty(faults)
  const assertUntouched = async () => {
    assert.equal(sent, 0, 'something was sent')
    assert.deepEqual(await lab.chat(session).messages(), [human('there')])
  }
  return { store, chat: store.session(session), assertUntouched }
}

function describe(options: unknown): string {
  return typeof options === 'object' && options !== null && !Array.isArray(options)
    ? Object.entries(options)
        .map(([name, value]) => `${name}: ${String(value)}`)
        .join(', ')
    : String(options)
}
