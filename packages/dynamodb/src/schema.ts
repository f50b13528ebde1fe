import {
  CreateTableCommand,
  DescribeTableCommand,
  type DescribeTableCommandOutput,
  GetItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { type Call, HistoryError, isHistoryError } from '@hist/core'
import type { TableSettings } from './options.js'
import { pause } from './persist.js'
import type { Table } from './table.js'

/** Sort keys of heads begin with it. `$` is the character after `#`: the upper bound of all of them. */
export const HEAD = 'm#'
export const HEAD_END = 'm$'
/** Sort keys of parts begin with it. */
export const PART = 'p#'
export const PART_END = 'p$'

/** The command that makes the table, for the text of `NOT_SET_UP`. */
export function createTableCommand({ tableName, primaryKeyName, sortKeyName, ttlSeconds, ttlKeyName }: TableSettings): string {
  const attribute = (name: string) => quoted(`AttributeName=${name},AttributeType=S`)
  const key = (name: string, type: 'HASH' | 'RANGE') => quoted(`AttributeName=${name},KeyType=${type}`)
  const create =
    `aws dynamodb create-table --table-name ${tableName} --billing-mode PAY_PER_REQUEST` +
    ` --attribute-definitions ${attribute(primaryKeyName)} ${attribute(sortKeyName)}` +
    ` --key-schema ${key(primaryKeyName, 'HASH')} ${key(sortKeyName, 'RANGE')}`
  if (ttlSeconds === undefined) return create
  const ttl = quoted(`Enabled=true,AttributeName=${ttlKeyName}`)
  return `${create}\naws dynamodb update-time-to-live --table-name ${tableName} --time-to-live-specification ${ttl}`
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w=,.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

export function wrongKeysText(settings: TableSettings): string {
  const { tableName, primaryKeyName, sortKeyName } = settings
  return (
    `table ${tableName} does not have the hash key ${primaryKeyName} and the range key ${sortKeyName}, both of type S. ` +
    'Name its keys with primaryKeyName and sortKeyName. A table with a hash key only, such as one that Python made, cannot be used in ' +
    `layout 'items', and nothing was written to it; make another one, by\n${createTableCommand(settings)}`
  )
}

/** Makes the table if it is missing, waits until it can be used, and switches its TTL on if messages expire. */
export async function setUpTable(table: Table, call: Call): Promise<void> {
  const { tableName, primaryKeyName, sortKeyName, ttlSeconds } = table.settings
  const create = new CreateTableCommand({
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: primaryKeyName, AttributeType: 'S' },
      { AttributeName: sortKeyName, AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: primaryKeyName, KeyType: 'HASH' },
      { AttributeName: sortKeyName, KeyType: 'RANGE' },
    ],
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
  const { tableName, primaryKeyName, sortKeyName } = table.settings
  const known = checked.get(table.client) ?? new Set()
  const name = JSON.stringify([tableName, primaryKeyName, sortKeyName])
  if (known.has(name)) return
  const command = new GetItemCommand({
    TableName: tableName,
    Key: table.key(session, HEAD),
    ProjectionExpression: '#p',
    ExpressionAttributeNames: { '#p': primaryKeyName },
  })
  await table.send(command, call, { needsKeysOnly: true })
  checked.set(table.client, known.add(name))
}
