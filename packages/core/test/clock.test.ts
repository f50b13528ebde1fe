import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import { appendIdCheck, formatAppendId, TICKS_PER_MS, ticksOf } from '../src/append-id.js'
import { AppendIdSource, type Clock, systemClock } from '../src/clock.js'

const MINUTE = 60_000n * TICKS_PER_MS
const START = 1_800_000_000_000n * TICKS_PER_MS

function standingClock(): Clock & { ticks: bigint } {
  return {
    ticks: START,
    now() {
      return this.ticks
    },
  }
}

describe('append ids', () => {
  it('have a fixed width whose text order is their order', () => {
    const source = new AppendIdSource(systemClock)
    const ids = Array.from({ length: 2_000 }, () => source.next())
    assert.deepEqual([...ids].sort(), ids)
    assert.equal(new Set(ids).size, ids.length)
    for (const id of ids) assert.ok(appendIdCheck.holds(id))
  })

  it('never repeat or go back when the clock stands still or is set back', () => {
    const clock = standingClock()
    const source = new AppendIdSource(clock)
    const first = ticksOf(source.next())
    assert.equal(ticksOf(source.next()), first + 1n)
    clock.ticks -= 5_000n * TICKS_PER_MS
    assert.equal(ticksOf(source.next()), first + 2n)
  })

  it('come from one writer for all sources of one clock, and from different writers for different clocks', () => {
    const clock = standingClock()
    const writer = (source: AppendIdSource) => source.next().slice(19)
    assert.equal(writer(new AppendIdSource(clock)), writer(new AppendIdSource(clock)))
    assert.notEqual(writer(new AppendIdSource(clock)), writer(new AppendIdSource(standingClock())))
    assert.equal(writer(new AppendIdSource(systemClock)), writer(new AppendIdSource(systemClock)))
  })

  it('sort after what was seen, up to 15 minutes ahead', () => {
    const clock = standingClock()
    const source = new AppendIdSource(clock)
    assert.equal(source.observe(START + 15n * MINUTE), true)
    assert.equal(ticksOf(source.next()), START + 15n * MINUTE + 1n)
    assert.equal(source.observe(START + 16n * MINUTE), false)
    assert.equal(ticksOf(source.next()), START + 15n * MINUTE + 2n)
  })

  it('are told from other texts', () => {
    const id = formatAppendId(START, '0123456789abcdef')
    assert.ok(appendIdCheck.holds(id))
    for (const wrong of [
      '',
      'x',
      id.slice(1),
      `${id}0`,
      id.toUpperCase(),
      formatAppendId(START, '4123456789abcdef'),
      5,
      undefined,
    ]) {
      assert.ok(!appendIdCheck.holds(wrong))
    }
  })
})

describe('system clock', () => {
  it('stays within a few milliseconds of the wall clock and finer than one', () => {
    const seen = new Set<bigint>()
    for (let i = 0; i < 10_000; i++) {
      const ticks = systemClock.now()
      seen.add(ticks)
      const difference = Number(ticks / TICKS_PER_MS) - Date.now()
      assert.ok(Math.abs(difference) <= 50, `${difference} ms away`)
    }
    assert.ok(seen.size > 1_000, 'a millisecond clock would show a few dozen values')
  })

  it('agrees with the wall clock to the millisecond, however far off it was', () => {
    const shared = (globalThis as unknown as Record<symbol, { correctionMs: number }>)[Symbol.for('@hist/core:clock')]
    assert.ok(shared)
    for (const offMs of [-5_000, -1.9, -1.1, 0, 1.1, 1.9, 5_000]) {
      shared.correctionMs += offMs
      const [before, ticks, after] = [Date.now(), systemClock.now(), Date.now()]
      assert.ok(ticks >= BigInt(before) * TICKS_PER_MS, `${offMs} ms off`)
      assert.ok(ticks <= BigInt(after + 1) * TICKS_PER_MS, `${offMs} ms off`)
    }
  })

  it('keeps its state where another copy of the package finds it', () => {
    const shared = (globalThis as unknown as Record<symbol, { writer: { name: string } }>)[Symbol.for('@hist/core:clock')]
    assert.equal(shared?.writer.name, new AppendIdSource(systemClock).next().slice(19))
  })
})
