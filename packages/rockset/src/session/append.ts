import type { Call, EncodedBatch } from '@hist/core'
import { marked, rowsOf } from '../rows.js'
import { type Documents, type Head, newFence, type PatchOperation, type Step } from './documents.js'

/**
 * Adds a batch to the session's list by one patch, which is applied as a whole. An append that may have been sent before sets a fence with its
 * id first: then everything accepted so far can be read, and what is still on its way is refused. So does one after another call that was given
 * up: what that has sent would come behind it otherwise, or clear it.
 */
export async function append(documents: Documents, session: string, batch: EncodedBatch, call: Call): Promise<void> {
  const operations = rowsOf(batch, documents.collection.settings).map((row, index): PatchOperation => {
    return { op: 'ADD', path: `${documents.path}/-`, value: marked(row, batch.id, batch.firstIndex + index) }
  })
  const mustChangeFence = batch.repeat || documents.isUnanswered(session)
  let isFirst = true
  const next = async (head: Head | undefined): Promise<Step | undefined> => {
    const isFresh = isFirst && !mustChangeFence
    isFirst = false
    if (isFresh) return { operations, isLast: true }
    const isRepeated = head?.fence?.startsWith(`${batch.id}.`) === true
    if (mustChangeFence && !isRepeated) return { operations: [fenceChange(newFence(batch.id))], isLast: false }
    if (await isStored(documents, session, batch, call)) return undefined
    // Somebody else may be repeating the same append under the same fence: the first one's patch ends it.
    return { operations: isRepeated ? [...operations, fenceChange(newFence())] : operations, isLast: true }
  }
  await documents.change(session, next, call)
}

function fenceChange(value: string): PatchOperation {
  return { op: 'REPLACE', path: '/hist/fence', value }
}

async function isStored(documents: Documents, session: string, { id, firstIndex }: EncodedBatch, call: Call): Promise<boolean> {
  const { collection, list } = documents
  const query =
    `SELECT 1 AS found FROM UNNEST((SELECT ${list} FROM ${collection.name} h WHERE h._id = :s) AS m) AS u` +
    ' WHERE u.m.hist.a = :a AND u.m.hist.i = :i LIMIT 1'
  const rows = await collection.query(query, { s: session, a: id, i: firstIndex }, call)
  return rows.length > 0
}
