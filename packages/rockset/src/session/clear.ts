import type { Call } from '@hist/core'
import { type Documents, newEpoch, newFence, type Step } from './documents.js'

/**
 * Empties the list under a new epoch and a new fence, by a patch: an overwritten document, as Python's class has it, could arrive late and
 * take what was appended since. A document that does not exist stays so, unless the patch that makes it may be on its way.
 */
export async function clear(documents: Documents, session: string, call: Call): Promise<void> {
  const empty: Step = {
    operations: [
      { op: 'REPLACE', path: documents.path, value: [] },
      { op: 'ADD', path: '/hist/epoch', value: newEpoch() },
      { op: 'REPLACE', path: '/hist/fence', value: newFence() },
    ],
    isLast: true,
  }
  const isNeeded = documents.isUnanswered(session)
  await documents.change(session, head => (head === undefined && !isNeeded ? undefined : empty), call)
}
