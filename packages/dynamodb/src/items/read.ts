import type { QueryCommandOutput } from '@aws-sdk/client-dynamodb'
import { argumentError, type Call, isHistoryError, type RawEntry, type RawSlice, type ReadRange } from '@hist/core'
import { corrupt } from '../errors.js'
import type { Item } from '../table.js'
import { decodeHead } from './item.js'
import type { ItemsTable } from './items-table.js'
import { readParts } from './parts.js'
import { HEAD, HEAD_END } from './sort-key.js'

/** Items that one request may ask for. */
const MOST_ITEMS = 1_000
/** A page of heads is small and may name gigabytes of parts: a slice ends when it holds so many characters. */
const SLICE_CHARACTERS = 4 * 1_024 * 1_024

type Order = ReadRange['order']

/** A message: what follows `m#` in its item's sort key, and its index in the item. */
interface Position {
  readonly append: string
  readonly index: number
}

/** Any text before the index: an item of somebody else that lies between ours has a place too. */
const POSITION = /^(.*)#(\d{5})$/s
const APPEND_ID = /^\d{18}-[0-9a-f]{16}$/
/** The last index of an append, in reading direction. */
const LAST_INDEX = { 'oldest-first': 99_999, 'newest-first': 0 } as const

/** One Query for a page of heads, and what it takes to load the parts of those that are split. */
export async function read(table: ItemsTable, session: string, range: ReadRange, call: Call): Promise<RawSlice> {
  const { order, from, limit = Number.POSITIVE_INFINITY } = range
  const start = from === undefined ? undefined : parsePosition(from)
  // `start` may point into the middle of an item, so the item is read again.
  const bound = start === undefined ? undefined : HEAD + start.append
  const [low, high] = order === 'oldest-first' ? [bound ?? HEAD, HEAD_END] : [HEAD, bound ?? HEAD_END]
  const readPage = async (items: number, after?: Item) => {
    const page = await table.query(session, low, high, call, {
      ScanIndexForward: order === 'oldest-first',
      ConsistentRead: table.settings.consistentRead,
      ...(items === Number.POSITIVE_INFINITY ? {} : { Limit: Math.min(items, MOST_ITEMS) }),
      ...(after === undefined ? {} : { ExclusiveStartKey: after }),
    })
    return { last: page.LastEvaluatedKey, slice: await sliceOf(table, session, page, start, { ...range, limit }, call) }
  }
  // An item holds at least one message, so as many items as messages suffice; the one that is read again comes on top.
  const { last, slice } = await readPage(limit + (start === undefined ? 0 : 1))
  if (last === undefined || slice.entries.length > 0) return slice
  // Nothing but expired items, which the server deletes days later: there may be thousands, and few at a time would take for ever.
  return (await readPage(MOST_ITEMS, last)).slice
}

async function sliceOf(
  table: ItemsTable,
  session: string,
  page: QueryCommandOutput,
  start: Position | undefined,
  { order, limit }: { order: Order; limit: number },
  call: Call,
): Promise<RawSlice> {
  const entries: RawEntry[] = []
  let characters = 0
  for (const head of page.Items ?? []) {
    if (table.isExpired(head)) continue
    if (entries.length >= limit || characters > SLICE_CHARACTERS) return goOn(entries)
    for (const entry of await readItem(table, session, head, order, call)) {
      if (start !== undefined && !isBehind(entry.position, start, order)) continue
      if (entries.length >= limit) return goOn(entries)
      entries.push(entry)
      characters += typeof entry.body === 'string' ? entry.body.length : 0
    }
  }
  // Behind the whole page, expired items included; the last entry would have them read again.
  const last = page.LastEvaluatedKey
  return last === undefined ? { entries } : { entries, next: formatPosition(appendOf(table, last), LAST_INDEX[order]) }
}

function goOn(entries: readonly RawEntry[]): RawSlice {
  const last = entries.at(-1)
  return last === undefined ? { entries } : { entries, next: last.position }
}

/** The messages of one item in reading direction; one entry with an error if it cannot be read, none if it was removed. */
async function readItem(table: ItemsTable, session: string, head: Item, order: Order, call: Call): Promise<RawEntry[]> {
  const append = appendOf(table, head)
  const ticks = APPEND_ID.test(append) ? { ticks: BigInt(append.slice(0, 18)) } : {}
  const bodies = await readBodies(table, session, head, append, call)
  const entries = bodies.map((body, index): RawEntry => ({ position: formatPosition(append, index), body, ...ticks }))
  return order === 'oldest-first' ? entries : entries.reverse()
}

async function readBodies(
  table: ItemsTable,
  session: string,
  head: Item,
  append: string,
  call: Call,
): Promise<readonly (string | Error)[]> {
  try {
    if (!APPEND_ID.test(append)) throw corrupt('its sort key is not that of an append')
    const payload = await decodeHead(head)
    return 'parts' in payload ? await readParts(table, session, append, payload.parts, call) : payload.bodies
  } catch (error) {
    if (isHistoryError(error) && error.code === 'CORRUPT_ENTRY') return [error]
    throw error
  }
}

function appendOf(table: ItemsTable, item: Item): string {
  return table.sortKeyOf(item).slice(HEAD.length)
}

function formatPosition(append: string, index: number): string {
  return `${append}#${index.toString().padStart(5, '0')}`
}

function parsePosition(position: string): Position {
  const [, append, index] = POSITION.exec(position) ?? []
  if (append === undefined || index === undefined) throw argumentError('from is not a position in a DynamoDB history')
  return { append, index: Number(index) }
}

/** Of an entry on a page that begins with the item of `start`. */
function isBehind(position: string, start: Position, order: Order): boolean {
  const { append, index } = parsePosition(position)
  if (append !== start.append) return true
  return order === 'oldest-first' ? index > start.index : index < start.index
}
