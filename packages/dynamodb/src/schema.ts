import {
  CreateTableCommand,
  DescribeTableCommand,
  type DescribeTableCommandOutput,
  GetItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { type Call, HistoryError, isHistoryError } from '@hist/core'
import { pause } from '@hist/core/backend'
import type { Table } from './table.js'

const KEY_TYPES = ['HASH', 'RANGE'] as const

/** The command that makes the table, for the text of `NOT_SET_UP`. */
export function createTableCommand({ settings: { tableName, ttlSeconds, ttlKeyName }, keyNames }: Table): string {
  const attributes = keyNames.map(name => quoted(`AttributeName=${name},AttributeType=S`))
  const keys = keyNames.map((name, index) => quoted(`AttributeName=${name},KeyType=${KEY_TYPES[index]}`))
  const create =
    `aws dynamodb create-table --table-name ${tableName} --billing-mode PAY_PER_REQUEST` +
    ` --attribute-definitions ${attributes.join(' ')} --key-schema ${keys.join(' ')}`
  if (ttlSeconds === undefined) return create
  const ttl = quoted(`Enabled=true,AttributeName=${ttlKeyName}`)
  return `${create}\naws dynamodb update-time-to-live --table-name ${tableName} --time-to-live-specification ${ttl}`
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w=,.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

export function wrongKeysText(table: Table): string {
  const { layout, tableName } = table.settings
  const [hash, range] = table.keyNames
  const keys =
    range === undefined
      ? `the hash key ${hash}, of type S, and no range key`
      : `the hash key ${hash} and the range key ${range}, both of type S`
  const advice =
    layout === 'items'
      ? 'Name its keys with primaryKeyName and sortKeyName. A table with a hash key only, such as one that Python made, is used with ' +
        "layout 'list'. Nothing was written to it; for layout 'items', make another one, by"
      : 'Name its key with primaryKeyName or, if it has a range key too, give the whole of it with key. A table that layout ' +
        "'items' made is used with layout 'items'. Nothing was written to it; for layout 'list', make another one, by"
  return `table ${tableName} does not have ${keys}. ${advice}\n${createTableCommand(table)}`
}

/** Of an item that would exceed what the server takes. */
export function fullText({ settings: { layout } }: Table): string {
  const advice = layout === 'list' ? ". A session is one item in layout 'list'; layout 'items' has no ceiling" : ''
  return `the item would be larger than 409,600 bytes; nothing was written${advice}`
}

/** Makes the table if it is missing, waits until it can be used, and switches its TTL on if messages expire. */
export async function setUpTable(table: Table, call: Call): Promise<void> {
  const { tableName, ttlSeconds } = table.settings
  const create = new CreateTableCommand({
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: table.keyNames.map(AttributeName => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: table.keyNames.map((AttributeName, index) => ({ AttributeName, KeyType: KEY_TYPES[index] })),
  })
  await unless(table.send(create, call), 'ResourceInUseException')
  await waitUntilActive(table, call)
  if (ttlSeconds !== undefined) await enableTtl(table, call)
}

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

/** The SDK's own waiter looks again after 20 seconds only. */
async function waitUntilActive(table: Table, call: Call): Promise<void> {
  const describe = new DescribeTableCommand({ TableName: table.settings.tableName })
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    // A table that was just made may not be known everywhere yet.
    const answer = await unless(table.send<DescribeTableCommandOutput>(describe, call), 'ResourceNotFoundException')
    const status = answer?.Table?.TableStatus
    // A table that is being changed takes reads and writes.
    if (status === 'ACTIVE' || status === 'UPDATING') return
    await pause(pauseMs, call)
  }
}

async function enableTtl(table: Table, call: Call): Promise<void> {
  const { tableName, ttlKeyName } = table.settings
  try {
    const specification = { Enabled: true, AttributeName: ttlKeyName }
    await table.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: specification }), call)
  } catch (error) {
    if (!isHistoryError(error)) throw error
    // A server without TTL never deletes; reads leave expired messages out all the same.
    if (error.code === 'UNSUPPORTED') return
    const { name, message } = (error.cause ?? {}) as { name?: unknown; message?: unknown }
    if (name !== 'ValidationException') throw error
    if (/already enabled|modified multiple times/i.test(String(message))) return
    throw new HistoryError(
      `DynamoDB: the TTL of table ${tableName} cannot be switched on for attribute ${ttlKeyName}; is it on for another?`,
      {
        code: 'INVALID_CONFIGURATION',
        cause: error.cause,
      },
    )
  }
}

/** Resolves with undefined if the SDK's error has that name. */
async function unless<T>(request: Promise<T>, name: string): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (isHistoryError(error) && (error.cause as { name?: unknown } | undefined)?.name === name) return undefined
    throw error
  }
}

/** Tables whose keys were found right, by client. A class that makes a store for each request looks once only. */
const checked = new WeakMap<object, Set<string>>()

/**
 * Looks for the table and its keys, before the first write: a put of our item into a table with a hash key only would be accepted
 * and replace that session's item, whatever the condition. Needs no permission beyond GetItem.
 */
export async function checkKeys(table: Table, session: string, call: Call): Promise<void> {
  const { tableName } = table.settings
  const key = table.keyIn(session)
  const known = checked.get(table.client) ?? new Set()
  const name = JSON.stringify([tableName, Object.keys(key)])
  if (known.has(name)) return
  const command = new GetItemCommand({
    TableName: tableName,
    Key: key,
    ProjectionExpression: '#p',
    ExpressionAttributeNames: { '#p': table.keyNames[0] ?? '' },
  })
  await table.send(command, call, { needsKeysOnly: true })
  checked.set(table.client, known.add(name))
}
