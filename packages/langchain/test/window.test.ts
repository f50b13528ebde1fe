import { createMemoryHistory, type StoredMessage } from '@hist/core'
import type { BaseMessage } from '@langchain/core/messages'
import { describe, expect, test } from 'vitest'
import { range } from '../../core/test/numbers.js'
import { checkWindow, type HistoryWindow, loadWindow } from '../src/window.js'
import { createCountingStore } from './counting-store.js'
import { checkProviderRules } from './provider-rules.js'

const say = (type: 'human' | 'ai', content: string): StoredMessage => ({ type, data: { content, id: content } })
const call = (content: string, ...ids: string[]): StoredMessage => ({
  type: 'ai',
  data: { content, id: content, tool_calls: ids.map(id => ({ id, name: 'look', args: {} })) },
})
const result = (id: string): StoredMessage => ({ type: 'tool', data: { content: id, id: `${id}-result`, tool_call_id: id } })

/** A question, rounds of calls with two results each, an answer: 2 + 3 × rounds messages. */
const turn = (name: string, rounds: number) => [
  say('human', `q${name}`),
  ...range(rounds).flatMap(round => {
    const ids = [`x${name}.${round}`, `y${name}.${round}`]
    return [call(`c${name}.${round}`, ...ids), ...ids.map(result)]
  }),
  say('ai', `a${name}`),
]

async function shown(log: StoredMessage[], window: HistoryWindow): Promise<string> {
  const history = createMemoryHistory().session('s')
  if (log.length > 0) await history.append(log)
  const { messages } = await loadWindow(history, window)
  checkProviderRules(messages)
  return messages.map(({ content }) => content).join(' ')
}

/** A token for each character. */
const count = (messages: BaseMessage[]) => messages.reduce((sum, { content }) => sum + content.length, 0)

describe('the window that a model is shown', () => {
  const log = [...turn('1', 0), ...turn('2', 1), ...turn('3', 0)]

  test.each<[string, HistoryWindow, string]>([
    ['no limit', {}, 'q1 a1 q2 c2.0 x2.0 y2.0 a2 q3 a3'],
    ['as many as there are', { last: 9 }, 'q1 a1 q2 c2.0 x2.0 y2.0 a2 q3 a3'],
    ['more than there are', { last: 100 }, 'q1 a1 q2 c2.0 x2.0 y2.0 a2 q3 a3'],
    ['whole turns', { last: 7 }, 'q2 c2.0 x2.0 y2.0 a2 q3 a3'],
    ['fewer, for a turn is not begun in its middle', { last: 6 }, 'q3 a3'],
    ['fewer, for an exchange is not cut', { last: 5, wholeTurns: false }, 'a2 q3 a3'],
    ['begun in the middle of a turn', { last: 6, wholeTurns: false }, 'c2.0 x2.0 y2.0 a2 q3 a3'],
    ['in tokens: all', { maxTokens: 24, count }, 'q1 a1 q2 c2.0 x2.0 y2.0 a2 q3 a3'],
    ['in tokens: one too few for all', { maxTokens: 23, count }, 'q2 c2.0 x2.0 y2.0 a2 q3 a3'],
    ['in tokens: one too few for a turn', { maxTokens: 19, count }, 'q3 a3'],
    ['in tokens, in the middle of a turn', { maxTokens: 19, count, wholeTurns: false }, 'c2.0 x2.0 y2.0 a2 q3 a3'],
    ['both limits', { last: 7, maxTokens: 10, count }, 'q3 a3'],
    ['both limits, the other way', { last: 2, maxTokens: 1_000, count }, 'q3 a3'],
    ['a counter that is asked elsewhere', { maxTokens: 4, count: async messages => count(messages) }, 'q3 a3'],
    ['too few tokens for a question with its answer', { maxTokens: 3, count }, ''],
  ])('%s', async (_what, window, expected) => {
    // 9 messages; the tokens of the turns are 4, 16 and 4.
    expect(await shown(log, window)).toBe(expected)
  })

  test.each<[string, HistoryWindow, string]>([
    ['its question and the newest of what followed', { last: 6 }, 'q2 c2.3 x2.3 y2.3 a2'],
    ['the same, in tokens', { maxTokens: 20, count }, 'q2 c2.3 x2.3 y2.3 a2'],
    ['not even an exchange', { last: 3 }, 'q2 a2'],
    ['without the question, if it may begin anywhere', { last: 6, wholeTurns: false }, 'c2.3 x2.3 y2.3 a2'],
  ])('of a newest turn that is too long: %s', async (_what, window, expected) => {
    expect(await shown([...turn('1', 0), ...turn('2', 4)], window)).toBe(expected)
  })

  test('a call that is not answered is answered with an error within the limits', async () => {
    const log = [...turn('1', 0), say('human', 'q2'), call('c2', 'x')]
    expect(await shown(log, { last: 3 })).toMatch(/^q2 c2 Error: no result/)
    expect(await shown(log, { last: 2 })).toBe('')
  })

  test('a greeting that fits is not left out', async () => {
    const greeted = [say('ai', 'a0'), ...turn('1', 0)]
    expect(await shown(greeted, { last: 3 })).toBe('a0 q1 a1')
    expect(await shown(greeted, { maxTokens: 6, count })).toBe('a0 q1 a1')
    expect(await shown(greeted, { last: 2 })).toBe('q1 a1')
  })

  test('a history without questions', async () => {
    expect(await shown([say('ai', 'a1'), say('ai', 'a2'), say('ai', 'a3')], { last: 2 })).toBe('a2 a3')
    expect(await shown([], { last: 2 })).toBe('')
    expect(await shown([], { maxTokens: 1, count })).toBe('')
  })

  test('reads no more than it needs', async () => {
    const { store, reads } = createCountingStore()
    const history = store.session('s')
    for (const name of range(1_000)) await history.append(turn(`${name}`, 0))
    const readBy = async (window: HistoryWindow) => {
      reads.length = 0
      const { messages } = await loadWindow(history, window)
      return { messages: messages.length, reads: [...reads] }
    }
    // One more entry tells whether there are older ones.
    expect(await readBy({ last: 20 })).toEqual({ messages: 20, reads: [21] })
    reads.length = 0
    expect(await loadWindow(history, { last: 20 }, { atLeast: 50 })).toMatchObject({
      messages: { length: 20 },
      ids: { size: 50 },
    })
    expect(reads).toEqual([51])
    expect(await readBy({ maxTokens: 80, count })).toEqual({ messages: 20, reads: [51] })
    expect(await readBy({ maxTokens: 600, count })).toEqual({ messages: 150, reads: [51, 51, 101] })
    expect((await readBy({})).messages).toBe(2_000)
  })

  test('of a turn that is much longer than the window, reads back to its question', async () => {
    const { store, reads } = createCountingStore()
    await store.session('s').append([...turn('1', 100), ...turn('2', 100)])
    const { messages } = await loadWindow(store.session('s'), { last: 6 })
    expect(messages.map(({ content }) => content)).toEqual(['q2', 'c2.99', 'x2.99', 'y2.99', 'a2'])
    expect(reads.reduce((sum, entries) => sum + entries, 0)).toBeLessThan(450)
  })

  test('asks the counter a few times only, whatever the number of messages', async () => {
    const history = createMemoryHistory().session('s')
    for (const name of range(1_000)) await history.append(turn(`${name}`, 0))
    let asked = 0
    const counting = (messages: BaseMessage[]) => {
      asked += 1
      return count(messages)
    }
    await loadWindow(history, { maxTokens: 4_000, count: counting })
    expect(asked).toBeLessThan(30)
  })

  test('messages without an id get one, the same whenever they are read', async () => {
    const history = createMemoryHistory().session('s')
    await history.append([{ type: 'human', data: { content: 'one' } }])
    const idsOf = async (window: HistoryWindow) => {
      const { messages, ids } = await loadWindow(history, window)
      expect([...ids]).toEqual(messages.map(({ id }) => id))
      expect(messages.map(message => message.toDict().data.id)).toEqual([...ids])
      return [...ids]
    }
    const [id] = await idsOf({})
    expect(id).toMatch(/^entry-./)
    await history.append([{ type: 'human', data: { content: 'two' } }])
    expect((await idsOf({ last: 2 }))[0]).toBe(id)
  })

  test('replies that were given the same id, or an empty one, are told apart, the same way whenever they are read', async () => {
    const history = createMemoryHistory().session('s')
    for (const [number, id] of ['same', 'same', '', ''].entries())
      await history.append([say('human', `q${number}`), { type: 'ai', data: { content: `a${number}`, id } }])
    const shown = async (window: HistoryWindow) => {
      const { messages, ids } = await loadWindow(history, window)
      checkProviderRules(messages)
      expect(messages.every(({ id }) => id !== undefined && ids.has(id))).toBe(true)
      return messages.map(({ content, id }) => [content, id])
    }
    const all = await shown({})
    expect(all.map(([content]) => content)).toEqual(['q0', 'a0', 'q1', 'a1', 'q2', 'a2', 'q3', 'a3'])
    expect(all[1]).toEqual(['a0', 'same'])
    expect(await shown({ maxTokens: 1_000, count })).toEqual(all)
  })

  test('a message that was stored twice is there once', async () => {
    const history = createMemoryHistory().session('s')
    for (let time = 0; time < 2; time++) await history.append([say('human', 'q1'), call('c1', 'x')])
    await history.append([result('x'), result('x')])
    expect((await loadWindow(history)).messages.map(({ content }) => content)).toEqual(['q1', 'c1', 'x'])
  })

  test('knows the ids of what it read and does not show', async () => {
    const history = createMemoryHistory().session('s')
    await history.append(turn('1', 2))
    const { messages, ids } = await loadWindow(history, { last: 2 })
    expect([messages.length, ids.size]).toEqual([2, 8])
  })

  test('the signal ends it', async () => {
    const history = createMemoryHistory().session('s')
    for (const window of [{}, { last: 1 }]) {
      await expect(loadWindow(history, window, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
    }
  })

  test.each([Number.NaN, -1, '7', undefined])('a counter that returns %s', async tokens => {
    const history = createMemoryHistory().session('s')
    await history.append(turn('1', 0))
    const window = { maxTokens: 5, count: () => tokens as number }
    await expect(loadWindow(history, window)).rejects.toThrow(new TypeError('window: count must return a number of tokens'))
  })

  test.each([
    [{ last: 0 }, /^here: window: last must be an integer from 1/],
    [{ maxTokens: 1.5, count }, /^here: window: maxTokens must be an integer from 1/],
    [{ maxTokens: 5, count: 5 }, /^here: window: count must be a function/],
    [{ maxTokens: 5 }, /^here: window: maxTokens and count need each other/],
    [{ count }, /^here: window: maxTokens and count need each other/],
    [{ wholeTurns: 1 }, /^here: window: wholeTurns must be true or false/],
    [{ lastMessages: 5 }, /^here: window: unknown option 'lastMessages'/],
    [20, /^here: window: options must be an object/],
  ])('refuses %o', (window, message) => {
    expect(() => checkWindow('here', window as HistoryWindow)).toThrow(message)
    expect(() => checkWindow('here', window as HistoryWindow)).toThrow(TypeError)
  })
})
