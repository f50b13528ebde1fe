import assert from 'node:assert/strict'
import type { EncodedBatch, StoredMessage } from '@hist/core'
import { appendOf, rejection } from './expect.js'
import { type AppendFault, failure, lostAfter } from './faults.js'
import type { Lab } from './lab.js'
import { human, humans, noise, read, text, unique } from './sample.js'
import type { Section } from './suite.js'
import { isUnlimited, LEFT_OUT } from './supports.js'

const threeAtOnce = { atomicAppend: { messages: 3, bytes: Number.POSITIVE_INFINITY } }

/** Takes the batches and stores nothing: a backend without limit never meets pieces, so it need not keep them. */
function collecting(batches: EncodedBatch[], refuse: (index: number) => unknown = () => undefined): AppendFault {
  return async (_next, batch) => {
    const error = refuse(batches.length)
    batches.push(batch)
    if (error !== undefined) throw error
  }
}

function placeAndSize({ firstIndex, bodies }: EncodedBatch): string {
  return `${firstIndex}: ${bodies.length}`
}

export const splitting: Section = suite => {
  suite.test('[2] an append of more messages than atomicAppend is cut in order, under one id', async lab => {
    const batches: EncodedBatch[] = []
    const store = lab.faulty({ supports: threeAtOnce, append: collecting(batches) })
    const id = await store.session(lab.session()).append(humans('message', 8))
    assert.deepEqual(batches.map(placeAndSize), ['0: 3', '3: 3', '6: 2'])
    for (const batch of batches) assert.equal(batch.id, id)
    const bodies = batches.flatMap(batch => batch.bodies)
    for (const [index, body] of bodies.entries()) assert.match(body, new RegExp(`message ${index}`))
  })

  suite.test('[2] an append of more bytes than atomicAppend is cut in order; a larger message goes alone', async lab => {
    const batches: EncodedBatch[] = []
    const supports = { atomicAppend: { messages: Number.POSITIVE_INFINITY, bytes: 1_000 } }
    const store = lab.faulty({ supports, append: collecting(batches) })
    const sizes = [300, 300, 2_000, 100, 100]
    await store.session(lab.session()).append(sizes.map(size => human('é'.repeat(size / 2))))
    assert.deepEqual(batches.map(placeAndSize), ['0: 2', '2: 1', '3: 2'])
  })

  suite.test('[2] an append takes up to 65,536 messages', async lab => {
    const batches: EncodedBatch[] = []
    const supports = {
      atomicAppend: { messages: 50_000, bytes: Number.POSITIVE_INFINITY },
      maxSessionBytes: Number.POSITIVE_INFINITY,
    }
    const store = lab.faulty({ supports, append: collecting(batches) })
    await store.session(lab.session()).append(new Array<StoredMessage>(65_536).fill(human('x')), { timeoutMs: 60_000 })
    assert.deepEqual(batches.map(placeAndSize), ['0: 50000', '50000: 15536'])
  })

  suite.test('[2] refused before its first piece is stored an append has failed; after it the outcome is unknown', async lab => {
    const outcomeIfRefused = async (piece: number) => {
      const append = collecting([], index => (index === piece ? failure('ACCESS_DENIED', 'failed') : undefined))
      const chat = lab.faulty({ supports: threeAtOnce, append }).session(lab.session())
      return (await rejection(chat.append(humans('message', 8)), 'ACCESS_DENIED')).outcome
    }
    assert.equal(await outcomeIfRefused(0), 'failed')
    assert.equal(await outcomeIfRefused(1), 'unknown')
    assert.equal(await outcomeIfRefused(2), 'unknown')
  })

  suite.test('[2] a piece that fails leaves the pieces before it; the same append again completes them, each once', async lab => {
    if (isUnlimited(lab.supports.atomicAppend)) return lab.leaveOut(LEFT_OUT.pieces)
    const messages = humans('message', 8)
    const supports = { atomicAppend: { ...lab.supports.atomicAppend, messages: Math.min(3, lab.supports.atomicAppend.messages) } }
    let refuseAt = 6
    const chat = lab
      .faulty({
        supports,
        append: (next, batch) => (batch.firstIndex === refuseAt ? Promise.reject(failure('ACCESS_DENIED', 'failed')) : next()),
      })
      .session(lab.session())
    const error = await rejection(chat.append(messages), 'ACCESS_DENIED')
    assert.equal(error.outcome, 'unknown')
    assert.deepEqual(await read(chat), messages.slice(0, 6).map(text))
    refuseAt = -1
    assert.equal(await chat.append(messages, { id: appendOf(error) }), error.appendId)
    assert.deepEqual(await read(chat), messages.map(text))
    await lab.elsewhere(chat).append(messages, { id: appendOf(error) })
    assert.deepEqual(await read(chat), messages.map(text))
  })

  suite.test('[4] pieces whose answers are lost are stored once, in order', async lab => {
    if (isUnlimited(lab.supports.atomicAppend)) return lab.leaveOut(LEFT_OUT.pieces)
    const supports = { atomicAppend: { ...lab.supports.atomicAppend, messages: Math.min(3, lab.supports.atomicAppend.messages) } }
    const chat = lab.faulty({ supports, append: lostAfter(2) }).session(lab.session())
    await chat.append(humans('message', 8))
    assert.deepEqual(await read(chat), humans('message', 8).map(text))
  })

  suite.test('[2] an append of one message more than atomicAppend is stored in full and in order', async lab => {
    if (isUnlimited(lab.supports.atomicAppend)) return lab.leaveOut(LEFT_OUT.pieces)
    const { messages } = testedLimits(lab)
    await assertStoredWhole(lab, humans(unique(), messages + 1).map(text))
  })

  suite.test('[2] an append of more bytes than atomicAppend is stored in full and in order', async lab => {
    if (isUnlimited(lab.supports.atomicAppend)) return lab.leaveOut(LEFT_OUT.pieces)
    const { bytes } = testedLimits(lab)
    const size = Math.floor(Math.min(bytes * 0.4, lab.supports.maxMessageBytes * 0.9))
    const contents = Array.from({ length: Math.ceil(bytes / size) + 1 }, (_, index) => `${index} ${noise(size - 200)}`)
    await assertStoredWhole(lab, contents)
  })
}

/** Lower than the backend's own where those are too large for a test: what it keeps whole, it also keeps in pieces. */
function testedLimits(lab: Lab): { messages: number; bytes: number } {
  const { messages, bytes } = lab.supports.atomicAppend
  return { messages: Math.min(messages, 5_000), bytes: Math.min(bytes, 1_024 * 1_024) }
}

async function assertStoredWhole(lab: Lab, contents: readonly string[]): Promise<void> {
  const chat = lab.faulty({ supports: { atomicAppend: testedLimits(lab) } }).session(lab.session())
  await chat.append(contents.map(human), { timeoutMs: 60_000 })
  const stored = await read(lab.elsewhere(chat))
  assert.equal(stored.length, contents.length)
  // Not deepEqual: its report on megabytes of text would be of no use.
  for (const [index, content] of stored.entries()) assert.ok(content === contents[index], `message ${index} is another one`)
}
