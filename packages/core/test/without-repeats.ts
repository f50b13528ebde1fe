import { type HistoryBackend, HistoryError, HistoryStore } from '@hist/core'
import { type Fault, withFaults } from '../src/conformance/faults.js'

/**
 * A store that repeats nothing: what an attempt meets comes out as its error's cause. Where repeats go on to the deadline, that may end the last
 * of them, and on a busy machine the first.
 */
export function withoutRepeats(backend: HistoryBackend): HistoryStore {
  return new HistoryStore(withFaults(backend, { append: once, read: once, clear: once, sessions: once }))
}

const once: Fault = async next => {
  try {
    return await next()
  } catch (cause) {
    throw new HistoryError('not repeated', { code: 'UNKNOWN', cause })
  }
}
