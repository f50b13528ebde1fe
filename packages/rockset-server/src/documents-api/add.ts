import { randomUUID } from 'node:crypto'
import { DocumentError } from '../errors.js'
import { parseEventTime, timeText } from '../event-time.js'
import { stringifyJson } from '../json/stringify.js'
import { indexedMembers } from '../storage/index-keys.js'
import type { WriteBatch } from '../storage/write-log.js'
import { isId, longestId } from './id.js'
import { setMember } from './pointer.js'

/**
 * Writes the whole document, over one with the same `_id`; without an `_id` it gets one. `_event_time` may be given; `_meta` is left out.
 * @throws DocumentError
 */
export function addDocument(
  batch: WriteBatch,
  given: Record<string, unknown>,
  now: number,
): { _id: string; status: 'ADDED' | 'REPLACED' } {
  const document = completeDocument(given, given._id === undefined ? randomUUID() : given._id, now)
  const isNew = batch.text(document._id) === undefined
  batch.write({ id: document._id, next: { text: stringifyJson(document), members: indexedMembers(document) } })
  return { _id: document._id, status: isNew ? 'ADDED' : 'REPLACED' }
}

export type CompleteDocument = Record<string, never> & { readonly _id: string }

/** @throws DocumentError if `_id` or `_event_time` cannot be taken. */
export function completeDocument(given: Record<string, unknown>, id: unknown, now: number): CompleteDocument {
  const time = given._event_time === undefined ? timeText(now) : parseEventTime(given._event_time)
  if (!isId(id)) throw new DocumentError('INVALIDINPUT', `_id must be a string of at most ${longestId} characters`)
  if (!time) throw new DocumentError('INVALIDINPUT', '_event_time must be microseconds since 1970, or a time as ISO text')
  const document = {}
  for (const [member, value] of Object.entries(given)) if (member !== '_meta') setMember(document, member, value)
  return Object.assign(document, { _id: id, _event_time: time }) as unknown as CompleteDocument
}
