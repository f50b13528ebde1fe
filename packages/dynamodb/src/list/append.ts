import { type AttributeValue, type ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { type Call, type EncodedBatch, HistoryError, isHistoryError } from '@hist/core'
import { pause } from '@hist/core/backend'
import { isConditionFailed } from '../errors.js'
import type { Item } from '../table.js'
import { elementOf } from './attribute-value.js'
import type { ListTable } from './list-table.js'
import { hasToken, tokenOf, tokenSets } from './operation-tokens.js'

/** Each repetition means that another writer was faster. */
const MOST_REPETITIONS = 20
const LONGEST_PAUSE_MS = 250

/**
 * Adds a batch to the session's list by one conditional update. If that is refused, the item as it is now says why: it has the batch
 * already, it has expired (or no longer), or it has changed since it was looked at.
 */
export async function append(table: ListTable, session: string, batch: EncodedBatch, call: Call): Promise<void> {
  const token = tokenOf(batch.id)
  const messages = batch.bodies.map(elementOf)
  const { historySize } = table.settings
  let item = historySize === undefined ? undefined : await table.get(session, true, call)
  for (let repetition = 0; repetition < MOST_REPETITIONS; repetition++) {
    // An expired item is met by all its writers at once, and the second attempt settles that.
    if (repetition > 1) await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, 5 * 2 ** repetition), call)
    if (item !== undefined) {
      table.messagesIn(item)
      if (hasToken(item, token)) return
    }
    const nowSeconds = table.nowSeconds()
    const isExpired = item !== undefined && table.isExpired(item, nowSeconds)
    const change = historySize !== undefined ? trimmed(table, item, messages, historySize, isExpired) : isExpired ? ANEW : ADDED
    try {
      await table.send(update(table, session, token, nowSeconds, { values: { ':m': { L: messages } }, ...change }), call)
      return
    } catch (error) {
      if (!isConditionFailed(error)) throw error
      item = itemIn(error) ?? (await table.get(session, true, call))
    }
  }
  throw new HistoryError('DynamoDB: other writers of the session were faster, again and again', { code: 'CONFLICT' })
}

/** What an update makes of the list `#h`, and when; `:m` is a list of messages. */
interface Change {
  readonly list: string
  readonly condition: string
  readonly set?: string
  /** The time of expiry in the item counts no more. */
  readonly expired?: boolean
  readonly values?: Readonly<Record<string, AttributeValue>>
}

/**
 * An item that exists without the list belongs to somebody who keeps messages under another name. A time of expiry that is not a number is
 * none, for DynamoDB too, and no comparison with it holds.
 */
const ADDED: Change = {
  list: 'list_append(if_not_exists(#h, :empty), :m)',
  condition: '(attribute_not_exists(#p) OR attribute_type(#h, :list)) AND (attribute_not_exists(#t) OR NOT #t <= :now)',
}
const ANEW: Change = { list: ':m', condition: 'attribute_type(#h, :list) AND #t <= :now', expired: true }

/**
 * Nothing can be added to and removed from a list in one update, so the whole list is written, if nobody has written since it was read:
 * every update of ours leaves its token in `v`; Python's class does not, but changes the length.
 */
function trimmed(table: ListTable, item: Item | undefined, messages: AttributeValue[], size: number, expired: boolean): Change {
  const there = item === undefined ? [] : table.messagesIn(item)
  const kept = [...(expired ? [] : there), ...messages].slice(-size)
  const version = item?.v
  const unchanged = version === undefined ? 'attribute_not_exists(#v)' : '#v = :v'
  const base = Number(item?.base?.N ?? 0) + there.length + messages.length - kept.length
  return {
    list: ':m',
    condition: item === undefined ? 'attribute_not_exists(#p)' : `size(#h) = :size AND ${unchanged}`,
    set: '#base = :base',
    expired,
    values: {
      ':m': { L: kept },
      ':size': { N: String(there.length) },
      ':base': { N: String(base) },
      ...(version === undefined ? {} : { ':v': version }),
    },
  }
}

function update(table: ListTable, session: string, token: string, nowSeconds: number, change: Change): UpdateItemCommand {
  const { tableName, historyMessagesKey, ttlKeyName, ttlSeconds } = table.settings
  const [current, next, outdated, last] = tokenSets(nowSeconds)
  const key = table.keyIn(session)
  const sets = [`#h = ${change.list}`, '#v = :token', change.set, ttlSeconds === undefined ? undefined : '#t = :expireAt']
  const removed = change.expired && ttlSeconds === undefined ? '#outdated, #t' : '#outdated'
  const UpdateExpression = `SET ${sets.filter(set => set !== undefined).join(', ')} ADD #current :tokens REMOVE ${removed}`
  const isNew = ['#current', '#next', '#outdated', '#last'].map(set => `NOT contains(${set}, :token)`)
  const ConditionExpression = [change.condition, ...isNew].join(' AND ')
  const names: Record<string, string> = {
    '#p': table.keyNames[0] ?? '',
    '#h': historyMessagesKey,
    '#t': ttlKeyName,
    '#v': 'v',
    '#base': 'base',
    '#current': current,
    '#next': next,
    '#outdated': outdated,
    '#last': last,
  }
  const values: Record<string, AttributeValue> = {
    ...change.values,
    ':empty': { L: [] },
    ':list': { S: 'L' },
    ':token': { S: token },
    ':tokens': { SS: [token] },
    ':now': { N: String(nowSeconds) },
    ':expireAt': { N: String(nowSeconds + (ttlSeconds ?? 0)) },
  }
  // What an expression does not use is refused.
  const used = new Set(`${UpdateExpression} ${ConditionExpression}`.match(/[#:]\w+/g))
  return new UpdateItemCommand({
    TableName: tableName,
    Key: key,
    UpdateExpression,
    ConditionExpression,
    ExpressionAttributeNames: only(names, used),
    ExpressionAttributeValues: only(values, used),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  })
}

function only<T>(record: Readonly<Record<string, T>>, names: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => names.has(name)))
}

/** Not every server gives it. */
function itemIn(error: unknown): Item | undefined {
  return isHistoryError(error) ? (error.cause as ConditionalCheckFailedException).Item : undefined
}
