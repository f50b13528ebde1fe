import { randomBytes } from 'node:crypto'
import { GetItemCommand, type GetItemCommandOutput, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { type Call, type EncodedBatch, HistoryError } from '@hist/core'
import { persist } from '@hist/core/backend'
import { isConditionFailed } from '../errors.js'
import type { Item } from '../table.js'
import { type EncodedItem, encodeItem, expiry } from './item.js'
import type { ItemsTable } from './items-table.js'
import { HEAD, partKey } from './sort-key.js'

/** Stores a batch as one item, or as parts and a head. Nothing is visible before the head, which is put last. */
export async function append(table: ItemsTable, session: string, batch: EncodedBatch, call: Call): Promise<void> {
  const item = await encodeItem(table.settings, session, batch)
  if (item.parts.length === 0) return putHead(table, putNew(table, item.head), call)
  if (batch.repeat && (await getHead(table, session, HEAD + batch.id, call)) !== undefined) return
  const attempt = await putParts(table, session, batch, item, call)
  return putHead(table, sentOnce(putNew(table, { ...item.head, a: { S: attempt } })), call)
}

function putNew(table: ItemsTable, head: Item): PutItemCommand {
  return new PutItemCommand({
    TableName: table.settings.tableName,
    Item: head,
    ConditionExpression: 'attribute_not_exists(#s)',
    ExpressionAttributeNames: { '#s': table.settings.sortKeyName },
  })
}

/** A head that exists is this append, stored by an earlier attempt. */
async function putHead(table: ItemsTable, command: PutItemCommand, call: Call): Promise<void> {
  try {
    await table.send(command, call)
  } catch (error) {
    if (!isConditionFailed(error)) throw error
  }
}

/**
 * Keeps an injected client from repeating the put of a head that has parts: a `clear` between the two puts would remove head and
 * parts, and the second put would bring the head back without them. Core repeats the append, with parts of their own.
 */
function sentOnce(command: PutItemCommand): PutItemCommand {
  let first: { error?: unknown } | undefined
  command.middlewareStack.add(
    next => async request => {
      if (first !== undefined) throw Object.assign(new Error('not sent again', { cause: first.error }), { name: 'AbortError' })
      first = {}
      try {
        return await next(request)
      } catch (error) {
        first.error = error
        throw error
      }
    },
    // Inside the client's loop of retries, which has a high priority in this step.
    { step: 'finalizeRequest', priority: 'low', name: 'histSentOnce' },
  )
  return command
}

/** Reads a head as it is now, whatever `consistentRead` says. */
export async function getHead(table: ItemsTable, session: string, sortKey: string, call: Call): Promise<Item | undefined> {
  const command = new GetItemCommand({
    TableName: table.settings.tableName,
    Key: table.key(session, sortKey),
    ConsistentRead: true,
  })
  return (await table.send<GetItemCommandOutput>(command, call, { needsKeysOnly: true })).Item
}

/** `clear` removes parts without a head when their attempt is an hour old: by then it must have ended. */
const LONGEST_ATTEMPT_SECONDS = 1_800
export const ABANDONED_SECONDS = 3_600

/**
 * Every attempt writes parts of its own, and the head names them: a `clear` between an earlier attempt's parts and a later attempt's
 * head can then never leave a head without its parts.
 */
async function putParts(table: ItemsTable, session: string, batch: EncodedBatch, item: EncodedItem, call: Call): Promise<string> {
  const began = table.nowSeconds()
  const attempt = began.toString(16).padStart(8, '0') + randomBytes(4).toString('hex')
  for (const [index, slice] of item.parts.entries()) {
    if (table.nowSeconds() - began > LONGEST_ATTEMPT_SECONDS) {
      throw new HistoryError('writing the parts of a large append took more than half an hour', {
        code: 'TIMEOUT',
        outcome: 'failed',
      })
    }
    const part: Item = {
      ...table.key(session, partKey(batch.id, attempt, index)),
      z: { B: slice },
      ...expiry(table.settings, batch.id),
    }
    await persist(call, () => table.send(new PutItemCommand({ TableName: table.settings.tableName, Item: part }), call))
  }
  return attempt
}
