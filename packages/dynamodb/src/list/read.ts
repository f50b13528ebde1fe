import { DeleteItemCommand } from '@aws-sdk/client-dynamodb'
import { argumentError, type Call, isHistoryError, type RawEntry, type RawSlice, type ReadRange } from '@hist/core'
import { isConditionFailed } from '../errors.js'
import type { Item } from '../table.js'
import { rowOf } from './attribute-value.js'
import type { ListTable } from './list-table.js'

/** One GetItem: the whole session is read, whatever is asked for. */
export async function read(table: ListTable, session: string, range: ReadRange, call: Call): Promise<RawSlice> {
  const { order, from, limit = Number.POSITIVE_INFINITY } = range
  const place = from === undefined ? undefined : parsePosition(from)
  const item = await table.get(session, table.settings.consistentRead, call)
  if (item === undefined || table.isExpired(item)) return { entries: [] }
  const messages = table.messagesIn(item)
  // Rises by what `historySize` removes, so that a position stays that of its message.
  const base = Number(item.base?.N ?? 0)
  const end = base + messages.length
  const isForward = order === 'oldest-first'
  const low = isForward ? Math.max(base, (place ?? -1) + 1) : Math.max(base, Math.min(place ?? end, end) - limit)
  const high = isForward ? Math.min(end, low + limit) : Math.min(place ?? end, end)
  const entries = messages
    .slice(low - base, Math.max(low, high) - base)
    .map((element, index): RawEntry => ({ position: formatPosition(low + index), body: bodyOf(element) }))
  if (!isForward) entries.reverse()
  const last = entries.at(-1)
  const isEnd = isForward ? high >= end : low <= base
  return last === undefined || isEnd ? { entries } : { entries, next: last.position }
}

function bodyOf(element: Item[string]): string | Error {
  try {
    return rowOf(element)
  } catch (error) {
    if (isHistoryError(error)) return error
    throw error
  }
}

function formatPosition(index: number): string {
  return String(index).padStart(10, '0')
}

function parsePosition(position: string): number {
  if (!/^\d{10,15}$/.test(position)) throw argumentError("from is not a position in a DynamoDB history of layout 'list'")
  return Number(position)
}

/** Deletes the session's item, unless its messages are somewhere else in it. */
export async function clear(table: ListTable, session: string, call: Call): Promise<void> {
  const { tableName, historyMessagesKey } = table.settings
  const key = table.keyIn(session)
  const command = new DeleteItemCommand({
    TableName: tableName,
    Key: key,
    ConditionExpression: 'attribute_not_exists(#p) OR attribute_type(#h, :list)',
    ExpressionAttributeNames: { '#p': table.keyNames[0] ?? '', '#h': historyMessagesKey },
    ExpressionAttributeValues: { ':list': { S: 'L' } },
  })
  try {
    await table.send(command, call, { needsKeysOnly: true })
  } catch (error) {
    if (!isConditionFailed(error)) throw error
    const item = await table.get(session, true, call)
    if (item !== undefined) table.messagesIn(item)
    throw error
  }
}
