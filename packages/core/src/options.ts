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

/** Longest time a timer of Node can wait. */
const MAX_TIMEOUT_MS = 2_147_483_647

/** The names of `HistoryStoreOptions`, for a backend's own check of its options. */
export const storeOptionNames = ['timeoutMs', 'onCorruptEntry', 'onWarning', 'clock'] as const satisfies readonly (keyof HistoryStoreOptions)[]

/** The store's part of a backend's options. */
export function pickStoreOptions(options: HistoryStoreOptions): HistoryStoreOptions {
  return Object.fromEntries(storeOptionNames.filter(name => options[name] !== undefined).map(name => [name, options[name]]))
}

/**
 * Refuses what is not an object and every name that is not known; `hints` says what to use instead of a foreign name.
 * @throws TypeError naming the option
 */
export function checkOptions(owner: string, options: unknown, known: readonly string[], hints: Readonly<Record<string, string>> = {}): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw argumentError(`${owner}: expected an object of options`)
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const hint = Object.hasOwn(hints, name) ? `; ${hints[name]}` : ''
    throw argumentError(`${owner}: unknown option '${name}'${hint}`)
  }
}

/** @throws TypeError unless the value is undefined or an integer within the bounds */
export function checkInteger(owner: string, name: string, value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (value === undefined) return
  if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
    throw argumentError(`${owner}: ${name} must be an integer from ${min} to ${max}`)
  }
}

/** @throws TypeError unless the value is undefined or one of the choices */
export function checkChoice(owner: string, name: string, value: unknown, choices: readonly string[]): void {
  if (value !== undefined && !choices.includes(value as string)) {
    throw argumentError(`${owner}: ${name} must be one of ${choices.map(choice => `'${choice}'`).join(', ')}`)
  }
}

export function checkCallOptions(owner: string, options: unknown, known: readonly string[] = []): void {
  checkOptions(owner, options, ['signal', 'timeoutMs', ...known])
  const { signal, timeoutMs } = options as CallOptions
  if (signal !== undefined && !(typeof signal === 'object' && typeof signal?.addEventListener === 'function')) {
    throw argumentError(`${owner}: signal must be an AbortSignal`)
  }
  checkInteger(owner, 'timeoutMs', timeoutMs, 1, MAX_TIMEOUT_MS)
}

export function checkStoreOptions(owner: string, options: HistoryStoreOptions): void {
  checkOptions(owner, options, storeOptionNames)
  checkInteger(owner, 'timeoutMs', options.timeoutMs, 1, MAX_TIMEOUT_MS)
  checkChoice(owner, 'onCorruptEntry', options.onCorruptEntry, ['throw', 'skip'])
  if (options.onWarning !== undefined && typeof options.onWarning !== 'function') throw argumentError(`${owner}: onWarning must be a function`)
  if (options.clock !== undefined && typeof options.clock?.now !== 'function') throw argumentError(`${owner}: clock must have a method now()`)
}
