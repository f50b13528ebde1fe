/** Something a store did that its owner should hear of, though nothing failed. */
export interface HistoryWarning {
  /**
   * - `LOSSY_VALUE`: a value that cannot be stored was dropped or flattened while writing
   * - `REPAIRED_ENTRY`: a row that another class wrote badly was mended while reading
   * - `SKIPPED_ENTRY`: an unreadable entry was left out (`onCorruptEntry: 'skip'`)
   * - `NEWER_FORMAT`: a row of a newer version was read as plain JSON
   * - `CLOCK_AHEAD`: a stored message is more than 15 minutes in the future; its writer's clock is wrong
   * - `EXPIRED_ROWS`: the server refused a read because of what has expired; it was read again without that (Cassandra)
   */
  code: 'LOSSY_VALUE' | 'REPAIRED_ENTRY' | 'SKIPPED_ENTRY' | 'NEWER_FORMAT' | 'CLOCK_AHEAD' | 'EXPIRED_ROWS'
  /** For people; holds no message content. */
  message: string
  backend?: string | undefined
  session?: string | undefined
  /** The entry's id, as a cursor. */
  entry?: string | undefined
  /** Where in `data`: `additional_kwargs.raw.headers`. */
  path?: string | undefined
  cause?: unknown
}

export type OnWarning = (warning: HistoryWarning) => void

/**
 * What to tell: `onWarning`, or without one Node's warnings, one of each kind. The listener's own failure neither fails the read or the
 * append that it is told about, nor is it lost.
 */
export function warningListener(onWarning: OnWarning = emitOnce()): OnWarning {
  return warning => {
    try {
      onWarning(warning)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

function emitOnce(): OnWarning {
  const emitted = new Set<string>()
  return ({ code, message }) => {
    if (!emitted.has(code)) process.emitWarning(message, { type: 'HistoryWarning', code })
    emitted.add(code)
  }
}
