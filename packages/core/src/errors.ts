/**
 * What went wrong, for programs. Part of the API: codes are added, never renamed.
 *
 * | code | meaning | `retryable` |
 * |---|---|---|
 * | `UNAVAILABLE` | the server could not be reached or failed | yes |
 * | `TIMEOUT` | the deadline passed, or one request took too long | yes |
 * | `THROTTLED` | the server asks for fewer requests | yes |
 * | `CONFLICT` | other writers kept getting in the way | as the backend says |
 * | `TOO_LARGE` | a message or an append exceeds a limit; nothing was written | no |
 * | `CORRUPT_ENTRY` | a stored entry cannot be read | no |
 * | `NOT_SET_UP` | table, topic or collection is missing; the text says how to make it | no |
 * | `ACCESS_DENIED` | credentials or permissions | no |
 * | `INVALID_CONFIGURATION` | the settings do not fit what is there | no |
 * | `CLOSED` | the store was closed | no |
 * | `ABORTED` | the caller's signal was aborted | no |
 * | `UNSUPPORTED` | this backend or server cannot do that | no |
 * | `UNKNOWN` | an error of the driver that nobody has classified | no |
 */
export type HistoryErrorCode =
  | 'UNAVAILABLE'
  | 'TIMEOUT'
  | 'THROTTLED'
  | 'CONFLICT'
  | 'TOO_LARGE'
  | 'CORRUPT_ENTRY'
  | 'NOT_SET_UP'
  | 'ACCESS_DENIED'
  | 'INVALID_CONFIGURATION'
  | 'CLOSED'
  | 'ABORTED'
  | 'UNSUPPORTED'
  | 'UNKNOWN'

/** `'failed'`: nothing was written. `'unknown'`: it may have been; repeat the append with the same id to make sure. */
export type Outcome = 'failed' | 'unknown'

export interface HistoryErrorDetails {
  code: HistoryErrorCode
  /** Whether the same call may succeed later. @default true for UNAVAILABLE, TIMEOUT, THROTTLED and CONFLICT */
  retryable?: boolean
  /** @default 'unknown' for UNAVAILABLE, TIMEOUT and UNKNOWN, else 'failed' */
  outcome?: Outcome
  /** The append that failed; pass it to `append` to repeat it. */
  appendId?: string | undefined
  backend?: string | undefined
  session?: string | undefined
  /** The entry that cannot be read. */
  entry?: string | undefined
  /** The driver's own error. */
  cause?: unknown
}

const ERROR_BRAND: unique symbol = Symbol.for('@hist/core:error') as never
const ARGUMENT_BRAND: unique symbol = Symbol.for('@hist/core:argument') as never
const RETRYABLE = /^(UNAVAILABLE|TIMEOUT|THROTTLED|CONFLICT)$/
const AMBIGUOUS = /^(UNAVAILABLE|TIMEOUT|UNKNOWN)$/

/** Every failure of a store, a session or a backend. Its text holds no secret and no message content. */
export class HistoryError extends Error implements HistoryErrorDetails {
  declare readonly code: HistoryErrorCode
  declare readonly retryable: boolean
  declare readonly outcome: Outcome
  declare readonly appendId: string | undefined
  declare readonly backend: string | undefined
  declare readonly session: string | undefined
  declare readonly entry: string | undefined

  constructor(message: string, { cause, ...details }: HistoryErrorDetails) {
    super(message, { cause })
    const retryable = RETRYABLE.test(details.code)
    const outcome = AMBIGUOUS.test(details.code) ? 'unknown' : 'failed'
    Object.assign(this, { name: 'HistoryError', retryable, outcome, ...details, [ERROR_BRAND]: true })
  }
}

/** True for a `HistoryError` of any installed copy of `@hist/core`. */
export function isHistoryError(value: unknown): value is HistoryError {
  return hasBrand(value, ERROR_BRAND)
}

/**
 * A `TypeError` about what the caller passed; the text names the option or argument. The only errors that are handed on
 * unwrapped, so that a driver's own `TypeError` is never mistaken for the caller's.
 */
export function argumentError(text: string): TypeError {
  return Object.defineProperty(new TypeError(text), ARGUMENT_BRAND, { value: true })
}

export function isArgumentError(value: unknown): value is TypeError {
  return hasBrand(value, ARGUMENT_BRAND)
}

function hasBrand(value: unknown, brand: symbol): boolean {
  return typeof value === 'object' && value !== null && brand in value
}
