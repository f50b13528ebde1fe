import type { Call } from '@hist/core'
import { corrupt } from '../errors.js'
import type { Item } from '../table.js'
import { getHead } from './append.js'
import { decodeBlob, decodeHead, type PartsOfHead } from './item.js'
import type { ItemsTable } from './items-table.js'
import { HEAD, partsPrefix } from './sort-key.js'

/**
 * The messages of a split append. None if it was cleared meanwhile: `clear` removes the head first, so parts can be missing below a
 * head that was read a moment ago, but not below one that is read afterwards.
 *
 * @throws HistoryError `CORRUPT_ENTRY` if parts are missing and the head is there
 */
export async function readParts(
  table: ItemsTable,
  session: string,
  append: string,
  parts: PartsOfHead,
  call: Call,
): Promise<readonly string[]> {
  let expected = parts
  for (let again = false; ; again = true) {
    const slices = await querySlices(table, session, append, expected, again || table.settings.consistentRead, call)
    if (slices.length === expected.count) return decodeBlob(Buffer.concat(slices), expected.compression, expected.messages)
    const head = await getHead(table, session, HEAD + append, call)
    if (head === undefined) return []
    const payload = await decodeHead(head)
    if (!('parts' in payload)) return payload.bodies
    if (again && payload.parts.attempt === expected.attempt)
      throw corrupt(`of its ${expected.count} parts ${slices.length} are there`)
    expected = payload.parts
  }
}

async function querySlices(
  table: ItemsTable,
  session: string,
  append: string,
  { attempt, count }: PartsOfHead,
  consistent: boolean,
  call: Call,
): Promise<Uint8Array[]> {
  const prefix = partsPrefix(append, attempt)
  const slices: Uint8Array[] = []
  let from: Item | undefined
  do {
    const page = await table.query(session, prefix, `${prefix}~`, call, {
      ConsistentRead: consistent,
      ...(from === undefined ? {} : { ExclusiveStartKey: from }),
    })
    for (const part of page.Items ?? []) if (part.z?.B !== undefined) slices.push(part.z.B)
    from = page.LastEvaluatedKey
  } while (from !== undefined && slices.length <= count)
  return slices
}
