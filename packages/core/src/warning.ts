/** Something a store did that its owner should hear of, though nothing failed. */
export interface HistoryWarning {
  /**
   * - `LOSSY_VALUE`: a value that cannot be stored was dropped or flattened while writing
   * - `REPAIRED_ENTRY`: a row that another class wrote badly was mended while reading
   * - `SKIPPED_ENTRY`: an unreadable entry was left out (`onCorruptEntry: 'skip'`)
   * - `NEWER_FORMAT`: a row of a newer version was read as plain JSON
   * - `CLOCK_AHEAD`: a stored message is more than 15 minutes in the future; its writer's clock is wrong
   */
  code: 'LOSSY_VALUE' | 'REPAIRED_ENTRY' | 'SKIPPED_ENTRY' | 'NEWER_FORMAT' | 'CLOCK_AHEAD'
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

/** The listener of a store that was given none: Node's warnings, one of each kind. */
export function emitOnce(): OnWarning {
  const emitted = new Set<string>()
  return ({ code, message }) => {
    if (!emitted.has(code)) process.emitWarning(message, { type: 'HistoryWarning', code })
    emitted.add(code)
  }
}
