import { BatchWriteItemCommand, type BatchWriteItemCommandOutput, type WriteRequest } from '@aws-sdk/client-dynamodb'
import type { Call } from '@hist/core'
import { pause, pauseBefore, persist, ticksOf } from '@hist/core/backend'
import type { Item } from '../table.js'
import { ABANDONED_SECONDS } from './append.js'
import type { ItemsTable } from './items-table.js'
import { HEAD, HEAD_END, PART, PART_END, parsePartKey, partsPrefix } from './sort-key.js'

/** What one BatchWriteItem takes. */
const BATCH = 25

/**
 * Removes the heads that are there now, then their parts, and parts that an append left behind an hour ago or earlier. One request
 * after the other: a session is one partition, and 25 items at a time are as fast as that takes deletes.
 */
export async function clear(table: ItemsTable, session: string, call: Call): Promise<{ observed?: bigint }> {
  const newest = await newestHead(table, session, call)
  // The bound keeps a busy writer from making this endless. It is read, not taken from our clock, which may be behind the writer's.
  const cleared = newest === undefined ? new Set<string>() : await clearHeads(table, session, newest, call)
  const abandoned = table.nowSeconds() - ABANDONED_SECONDS
  await deleteAll(table, session, PART, PART_END, call, part => {
    const key = parsePartKey(table.sortKeyOf(part))
    // Other parts belong to an append that is being written, or to one that came after the bound.
    return key !== undefined && (cleared.has(key.prefix) || key.beganSeconds < abandoned)
  })
  return newest === undefined || !/^m#\d{18}-/.test(newest) ? {} : { observed: ticksOf(newest.slice(HEAD.length)) }
}

async function newestHead(table: ItemsTable, session: string, call: Call): Promise<string | undefined> {
  const page = await persist(call, () =>
    table.query(session, HEAD, HEAD_END, call, { ...KEYS, ScanIndexForward: false, Limit: 1 }),
  )
  const head = page.Items?.[0]
  return head === undefined ? undefined : table.sortKeyOf(head)
}

/** Returns what the keys of the parts begin with. */
async function clearHeads(table: ItemsTable, session: string, newest: string, call: Call): Promise<Set<string>> {
  const cleared = new Set<string>()
  await deleteAll(table, session, HEAD, newest, call, head => {
    const attempt = head.a?.S
    if (attempt !== undefined) cleared.add(partsPrefix(table.sortKeyOf(head).slice(HEAD.length), attempt))
    return true
  })
  return cleared
}

const KEYS = { ProjectionExpression: '#p, #s, #a', ExpressionAttributeNames: { '#a': 'a' } }

async function deleteAll(
  table: ItemsTable,
  session: string,
  low: string,
  high: string,
  call: Call,
  isWanted: (item: Item) => boolean,
): Promise<void> {
  let from: Item | undefined
  do {
    const start = from === undefined ? {} : { ExclusiveStartKey: from }
    const page = await persist(call, () => table.query(session, low, high, call, { ...KEYS, ...start }))
    const wanted = (page.Items ?? []).filter(isWanted).map(item => table.key(session, table.sortKeyOf(item)))
    for (let index = 0; index < wanted.length; index += BATCH) await deleteBatch(table, wanted.slice(index, index + BATCH), call)
    from = page.LastEvaluatedKey
  } while (from !== undefined)
}

/** The SDK never repeats what comes back as unprocessed. */
async function deleteBatch(table: ItemsTable, keys: readonly Item[], call: Call): Promise<void> {
  const { tableName } = table.settings
  let requests: WriteRequest[] = keys.map(Key => ({ DeleteRequest: { Key } }))
  for (let repetition = 0; requests.length > 0; repetition++) {
    if (repetition > 0) await pause(pauseBefore(repetition - 1), call)
    const command = new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } })
    const answer = await persist(call, () => table.send<BatchWriteItemCommandOutput>(command, call))
    requests = answer.UnprocessedItems?.[tableName] ?? []
  }
}
