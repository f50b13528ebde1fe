import { randomBytes } from 'node:crypto'
import { type AppendId, formatAppendId, TICKS_PER_MS } from './append-id.js'

/** A source of wall time. Tests inject their own through the store option `clock`. */
export interface Clock {
  /** 100-ns ticks since 1970. May stand still or go back; ids made from it do not. */
  now(): bigint
}

/** A stored message may be this far ahead of the wall clock and is still followed, so that later appends sort after it. */
const FOLLOWED_AHEAD = 15n * 60_000n * TICKS_PER_MS

interface Writer {
  /** 16 hex digits: 14 bits of clock sequence, 48 of node. */
  readonly name: string
  /** Highest tick issued or seen. */
  last: bigint
}

function newWriter(): Writer {
  const hex = randomBytes(8).toString('hex')
  // The first digit keeps the clock sequence within its 14 bits; the sixth sets the multicast bit of the node, which keeps a random one
  // apart from real network addresses (RFC 9562, section 6.10). 56 bits are random.
  return { name: `0${hex.slice(1, 5)}1${hex.slice(6)}`, last: 0n }
}

interface SharedClock {
  readonly writer: Writer
  correctionMs: number
}

/** On `globalThis`, so that an ESM and a CommonJS copy of this package are one writer. */
const sharedClocks = globalThis as typeof globalThis & { [key: symbol]: SharedClock | undefined }
const SHARED = Symbol.for('@hist/core:clock')

function sharedClock(): SharedClock {
  sharedClocks[SHARED] ??= { writer: newWriter(), correctionMs: 0 }
  return sharedClocks[SHARED]
}

/**
 * `Date.now()` truncates to the millisecond: awaited appends of two processes then invert (17 of 150 measured). The performance clock does
 * not, but a process that was held up at its start has another one: it is kept within the wall clock's millisecond.
 */
export const systemClock: Clock = {
  now() {
    const shared = sharedClock()
    const wall = Date.now()
    const precise = performance.timeOrigin + performance.now()
    const now = Math.min(Math.max(precise + shared.correctionMs, wall), Date.now() + 1)
    shared.correctionMs = now - precise
    return BigInt(Math.floor(now * Number(TICKS_PER_MS)))
  },
}

const injected = new WeakMap<Clock, Writer>()

function writerOf(clock: Clock): Writer {
  if (clock === systemClock) return sharedClock().writer
  const writer = injected.get(clock) ?? newWriter()
  injected.set(clock, writer)
  return writer
}

/** Makes append ids: never repeated, never backwards, after everything seen. All sources of one clock are one writer. */
export class AppendIdSource {
  readonly #clock: Clock
  readonly #writer: Writer

  constructor(clock: Clock) {
    this.#clock = clock
    this.#writer = writerOf(clock)
  }

  next(): AppendId {
    const now = this.#clock.now()
    this.#writer.last = now > this.#writer.last ? now : this.#writer.last + 1n
    return formatAppendId(this.#writer.last, this.#writer.name)
  }

  /**
   * Later ids sort after `ticks`. Returns false, and does not follow, if that is more than 15 minutes ahead of the wall clock:
   * one broken clock must not infect all.
   */
  observe(ticks: bigint): boolean {
    if (ticks <= this.#writer.last) return true
    if (ticks > this.#clock.now() + FOLLOWED_AHEAD) return false
    this.#writer.last = ticks
    return true
  }
}
