import assert from 'node:assert/strict'
import { encodeMessage, type StoredMessage } from '@hist/core'
import { refused, rejection } from './expect.js'
import type { Lab } from './lab.js'
import { human, noise, read } from './sample.js'
import type { Section } from './suite.js'
import { buildable, LEFT_OUT } from './supports.js'

/** As large as the suite makes a message that is stored. */
const LARGE_BYTES = 4 * 1_024 * 1_024

export const sizing: Section = suite => {
  suite.test('[6] a message over maxMessageBytes is TOO_LARGE, counted in UTF-8; one of just that size is not', async lab => {
    const { store, appends } = counted(lab, { maxMessageBytes: 2_000 })
    const chat = store.session(lab.session())
    await chat.append([ofBytes(2_000, 'x')])
    assert.equal(appends(), 1)
    for (const letter of ['x', 'é', '€', '\u{1F980}']) {
      const error = await rejection(chat.append([human('fits'), ofBytes(2_001, letter)]), 'TOO_LARGE')
      assert.deepEqual([error.outcome, error.retryable, error.session], ['failed', false, chat.sessionId])
      assert.match(error.message, /2000/, 'the text says the limit')
      assert.match(error.message, /2001/, 'the text says the size')
    }
    assert.equal(appends(), 1, 'something was sent')
    assert.equal((await read(chat)).length, 1)
  })

  suite.test('[6] an append over maxSessionBytes is TOO_LARGE before anything is written', async lab => {
    const { store, appends } = counted(lab, { maxSessionBytes: 5_000 })
    const chat = store.session(lab.session())
    const error = await rejection(chat.append([1, 2, 3].map(() => ofBytes(1_700, 'x'))), 'TOO_LARGE')
    assert.deepEqual([error.outcome, error.retryable], ['failed', false])
    assert.match(error.message, /5000/)
    assert.equal(appends(), 0)
    await chat.append([1, 2].map(() => ofBytes(1_700, 'x')))
    assert.equal((await read(chat)).length, 2)
  })

  suite.test("[6] a message beyond the backend's own limit is TOO_LARGE, nothing of its append is written", async lab => {
    const { maxMessageBytes } = lab.supports
    if (!buildable(maxMessageBytes)) return lab.leaveOut(LEFT_OUT.largestMessage)
    const chat = lab.chat()
    const error = await rejection(
      chat.append([human('fits'), ofBytes(maxMessageBytes + 1, 'x')], { timeoutMs: 50_000 }),
      'TOO_LARGE',
    )
    assert.equal(error.outcome, 'failed')
    assert.deepEqual(await read(chat), [])
  })

  suite.test('[6] the largest message (4 MiB at most) is stored and read, among others', async lab => {
    const bytes = Math.min(LARGE_BYTES, lab.supports.maxMessageBytes, lab.supports.maxSessionBytes)
    const chat = lab.chat()
    const large = ofBytes(bytes, noise(bytes))
    const roomForOthers = lab.supports.maxSessionBytes > bytes + 10_000
    await chat.append([large], { timeoutMs: 50_000 })
    if (roomForOthers) await chat.append([human('small')])
    const [first, ...others] = await lab.elsewhere(chat).messages({ timeoutMs: 50_000 })
    // Not deepEqual: its report on megabytes of text would be of no use.
    assert.ok(first?.data.content === large.data.content, 'another text comes back')
    assert.deepEqual(others, roomForOthers ? [human('small')] : [])
  })

  suite.test('[6] a session that is full refuses with TOO_LARGE and keeps what it holds', async lab => {
    const { maxSessionBytes } = lab.supports
    if (!buildable(maxSessionBytes)) return lab.leaveOut(LEFT_OUT.fullSession)
    const chat = lab.chat()
    const bytes = Math.floor(Math.min(maxSessionBytes / 4, lab.supports.maxMessageBytes))
    const most = Math.ceil((2 * maxSessionBytes) / bytes)
    let stored = 0
    const filling = async () => {
      for (; stored < most; stored++) await chat.append([ofBytes(bytes, 'x')])
    }
    const error = await rejection(filling(), 'TOO_LARGE')
    assert.deepEqual([error.outcome, error.retryable], ['failed', false])
    assert.ok(stored >= 2, `only ${stored} quarters fit`)
    assert.equal((await read(chat)).length, stored)
    await chat.clear()
    await chat.append([human('room again')])
    assert.deepEqual(await read(chat), ['room again'])
  })

  suite.test('[6] nesting as deep as maxDepth is stored, one level more is a TypeError and nothing is written', async lab => {
    const { maxDepth } = lab.supports
    const chat = lab.chat()
    await refused('too deep', () => chat.append([human('fits'), nested(maxDepth + 1)]))
    await refused('far too deep', () => chat.append([nested(100_000)]))
    assert.deepEqual(await read(chat), [])
    await chat.append([nested(maxDepth)])
    assert.deepEqual(await lab.elsewhere(chat).messages(), [nested(maxDepth)])
  })
}

/** A message whose JSON text has exactly so many bytes. */
function ofBytes(bytes: number, letters: string): StoredMessage {
  const room = bytes - Buffer.byteLength(encodeMessage(human('')))
  const size = Buffer.byteLength(letters)
  if (size >= room) return human(letters.slice(0, room))
  return human(letters.repeat(Math.floor(room / size)) + 'x'.repeat(room % size))
}

/** `data.deep` holds so many objects, one in the other. */
function nested(levels: number): StoredMessage {
  let deep: Record<string, unknown> = {}
  for (let level = 1; level < levels; level++) deep = { deep }
  return { type: 'human', data: { content: 'nested', deep } }
}

function counted(lab: Lab, supports: { maxMessageBytes?: number; maxSessionBytes?: number }) {
  let count = 0
  const store = lab.faulty({
    supports,
    append(next) {
      count++
      return next()
    },
  })
  return { store, appends: () => count }
}
