import { type HistoryBackend, HistoryError, HistoryStore } from '@hist/core'

/**
 * A store that repeats nothing: what an attempt meets comes out as its error's cause. Where repeats go on to the deadline, that may end the last
 * of them, and on a busy machine the first.
 */
export function withoutRepeats(backend: HistoryBackend): HistoryStore {
  const once = async <T>(attempt: Promise<T>): Promise<T> => {
    try {
      return await attempt
    } catch (cause) {
      throw new HistoryError('not repeated', { code: 'UNKNOWN', cause })
    }
  }
  return new HistoryStore({
    name: backend.name,
    supports: backend.supports,
    append: (...call) => once(backend.append(...call)),
    read: (...call) => once(backend.read(...call)),
    clear: (...call) => once(backend.clear(...call)),
    close: () => backend.close(),
  })
}
