import assert from 'node:assert/strict'
import type { ChatHistory, ReadRange, StoredMessage } from '@hist/core'
import { pagesOf, type ReadFault } from './faults.js'
import type { Lab } from './lab.js'
import { calling, human, humans, text, toolResult } from './sample.js'
import type { Section } from './suite.js'

export const windowing: Section = suite => {
  suite.test('messages: last gives the newest so many, oldest first; all if there are fewer', async lab => {
    const chat = await storing(lab, humans('m', 9))
    for (const last of [1, 2, 5, 8, 9, 10, 1_000]) {
      assert.deepEqual((await chat.messages({ last })).map(text), humans('m', 9).slice(-last).map(text), `last: ${last}`)
      assert.deepEqual(
        (await lab.elsewhere(chat).messages({ last })).map(text),
        humans('m', 9).slice(-last).map(text),
        `last: ${last}`,
      )
    }
  })

  suite.test('messages: last counts messages, also within appends of several', async lab => {
    const chat = lab.chat()
    for (let turn = 0; turn < 4; turn++) await chat.append(humans(`turn ${turn}`, 3))
    const order = [0, 1, 2, 3].flatMap(turn => humans(`turn ${turn}`, 3).map(text))
    for (const last of [1, 3, 4, 5, 7]) assert.deepEqual((await chat.messages({ last })).map(text), order.slice(-last))
  })

  suite.test('messages: last reads newest first and asks for no more than it wants', async lab => {
    const chat = await storing(lab, humans('m', 9))
    const ranges: ReadRange[] = []
    const recorded: ReadFault = (next, range) => {
      ranges.push(range)
      return next()
    }
    await lab.faulty({ read: recorded }).session(chat.sessionId).messages({ last: 4 })
    for (const range of ranges) assert.equal(range.order, 'newest-first')
    assert.equal(ranges[0]?.limit, 4)
  })

  suite.test('wholeTurns: results whose call lies outside the window are dropped from its start', async lab => {
    const turn = [human('question'), calling('a', 'b'), toolResult('a'), toolResult('b'), human('thanks')]
    const chat = await storing(lab, turn)
    const kept: Record<number, number> = { 1: 1, 2: 1, 3: 1, 4: 4, 5: 5, 9: 5 }
    for (const [last, count] of Object.entries(kept)) {
      const window = await chat.messages({ last: Number(last), wholeTurns: true })
      assert.deepEqual(window, turn.slice(-count), `last: ${last}`)
    }
    assert.deepEqual(await chat.messages({ last: 3 }), turn.slice(-3), 'without the option the window is as it is')
  })

  suite.test('wholeTurns: a window of nothing but results reads back to their call', async lab => {
    const turn = [human('question'), calling('a', 'b', 'c'), toolResult('b'), toolResult('c'), toolResult('a')]
    const chat = await storing(lab, turn)
    for (const last of [1, 2, 3])
      assert.deepEqual(await chat.messages({ last, wholeTurns: true }), turn.slice(1), `last: ${last}`)
    const small = lab.faulty({ read: pagesOf(1) }).session(chat.sessionId)
    assert.deepEqual(await small.messages({ last: 2, wholeTurns: true }), turn.slice(1), 'in pages of one')
  })

  suite.test('wholeTurns: two turns that interleave are both read back to', async lab => {
    const turns = [human('one'), calling('a'), human('two'), calling('b'), toolResult('a'), toolResult('b')]
    const chat = await storing(lab, turns)
    for (const last of [1, 2]) assert.deepEqual(await chat.messages({ last, wholeTurns: true }), turns.slice(1), `last: ${last}`)
  })

  suite.test('wholeTurns: results without any call are not shown; the rest of the history is', async lab => {
    const orphans = await storing(lab, [toolResult('x'), toolResult('y')])
    assert.deepEqual(await orphans.messages({ last: 1, wholeTurns: true }), [])
    assert.deepEqual(await orphans.messages({ wholeTurns: true }), [])
    const chat = await storing(lab, [toolResult('x'), human('hello'), calling('a'), toolResult('a')])
    assert.deepEqual(await chat.messages({ wholeTurns: true }), [human('hello'), calling('a'), toolResult('a')])
    assert.deepEqual((await chat.messages()).length, 4)
  })

  suite.test('wholeTurns: a call 120 messages back is found', async lab => {
    const results = Array.from({ length: 120 }, (_, index) => `call-${index}`)
    const turn = [calling(...results), ...results.map(toolResult)]
    const chat = await storing(lab, [human('question'), ...turn])
    const window = await chat.messages({ last: 1, wholeTurns: true })
    assert.deepEqual(window.length, 121)
    assert.deepEqual(window[0], turn[0])
  })
}

async function storing(lab: Lab, messages: readonly StoredMessage[]): Promise<ChatHistory> {
  const chat = lab.chat()
  await chat.append(messages)
  return chat
}
