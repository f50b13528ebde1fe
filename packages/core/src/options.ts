import type { Clock } from './clock.js'
import { argumentError } from './errors.js'
import type { OnWarning } from './warning.js'

/** Options of every call that does I/O. */
export interface CallOptions {
  /** Ends the call with `ABORTED`. An append that was already sent then has outcome `unknown`. */
  signal?: AbortSignal | undefined
  /** Deadline in milliseconds, 1 … 2,147,483,647, waiting and retries included. @default the store's `timeoutMs` */
  timeoutMs?: number | undefined
}

/** Options of every store, whatever the backend. */
export interface HistoryStoreOptions {
  /** Deadline of each call in milliseconds, 1 … 2,147,483,647. @default 10,000, or what the backend's engine needs */
  timeoutMs?: number | undefined
  /** What a read does with an entry that cannot be decoded. @default 'throw' (`CORRUPT_ENTRY`) */
  onCorruptEntry?: 'throw' | 'skip' | undefined
  /** Hears of repaired rows, skipped entries, lossy values, clocks far ahead. @default Node's `process.emitWarning`, once per kind */
  onWarning?: OnWarning | undefined
  /** Source of wall time for ids and expiry. @default the system's */
  clock?: Clock | undefined
}

/** What an option's value must be, beside undefined. */
export interface OptionCheck {
  /** Completes the sentence "… must be". */
  readonly be: string
  holds(value: unknown): boolean
}

export type OptionChecks = Readonly<Record<string, OptionCheck>>

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): OptionCheck {
  return {
    be: `an integer from ${min} to ${max}`,
    holds: value => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  }
}

export function oneOf(...choices: readonly unknown[]): OptionCheck {
  return { be: choices.map(choice => JSON.stringify(choice)).join(' or '), holds: value => choices.includes(value) }
}

/** An object with this method. */
export function having(method: string, be: string): OptionCheck {
  return { be, holds: value => typeof (value as Record<string, unknown> | null)?.[method] === 'function' }
}

/** In milliseconds; at most what a timer of Node can wait. */
export const duration = integer(1, 2_147_483_647)
export const flag = oneOf(true, false)

/** The checks of a window, for what takes one. */
export const windowChecks: OptionChecks = { last: integer(1), wholeTurns: flag }

const callChecks: OptionChecks = { signal: having('addEventListener', 'an AbortSignal'), timeoutMs: duration }

/** The checks of `HistoryStoreOptions`, for a backend's own. */
export const storeChecks = {
  timeoutMs: duration,
  onCorruptEntry: oneOf('throw', 'skip'),
  onWarning: having('call', 'a function'),
  clock: having('now', 'an object with a method now'),
} satisfies OptionChecks

/** The store's part of a backend's options. */
export function pickStoreOptions(options: HistoryStoreOptions): HistoryStoreOptions {
  const { timeoutMs, onCorruptEntry, onWarning, clock } = options
  return { timeoutMs, onCorruptEntry, onWarning, clock }
}

/**
 * Refuses what is not an object, every name without a check, and every value that its check does not take. `hints` says what to use
 * instead of a foreign name.
 * @throws TypeError naming the option
 */
export function checkOptions(
  owner: string,
  options: unknown,
  checks: OptionChecks,
  hints: Readonly<Record<string, string>> = {},
): void {
  if (typeof options !== 'object' || options === null) throw argumentError(`${owner}: options must be an object`)
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) && checks[name]
    if (!check) throw argumentError(`${owner}: unknown option '${name}'${Object.hasOwn(hints, name) ? `; ${hints[name]}` : ''}`)
    if (value !== undefined && !check.holds(value)) throw argumentError(`${owner}: ${name} must be ${check.be}`)
  }
}

/**
 * Refuses every one of `others` that is given. `chosen` is an option, or what else excludes them.
 * @throws TypeError naming the option
 */
export function refuseBeside(owner: string, chosen: string, others: Readonly<Record<string, unknown>>): void {
  for (const [other, value] of Object.entries(others))
    if (value !== undefined) throw argumentError(`${owner}: ${chosen} and ${other} exclude each other`)
}

export function checkCallOptions(owner: string, options: unknown, checks: OptionChecks = {}): void {
  checkOptions(owner, options, { ...callChecks, ...checks })
}
