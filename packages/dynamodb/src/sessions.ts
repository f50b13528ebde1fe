import { ScanCommand, type ScanCommandOutput } from '@aws-sdk/client-dynamodb'
import { argumentError, type Call, type SessionSlice } from '@hist/core'
import { HEAD } from './schema.js'
import type { Item, Table } from './table.js'

/** One page of a Scan: it reads the table from end to end, 1 MB a page, whatever the prefix. */
export async function sessions(
  table: Table,
  range: { readonly prefix?: string; readonly after?: string },
  call: Call,
): Promise<SessionSlice> {
  const { tableName, primaryKeyName, sortKeyName, ttlKeyName } = table.settings
  const { prefix = '', after } = range
  const command = new ScanCommand({
    TableName: tableName,
    ProjectionExpression: '#p, #n, #t',
    FilterExpression: prefix === '' ? 'begins_with(#s, :head)' : 'begins_with(#p, :prefix) AND begins_with(#s, :head)',
    ExpressionAttributeNames: { '#p': primaryKeyName, '#s': sortKeyName, '#n': 'n', '#t': ttlKeyName },
    ExpressionAttributeValues: { ':head': { S: HEAD }, ...(prefix === '' ? {} : { ':prefix': { S: prefix } }) },
    ...(after === undefined ? {} : { ExclusiveStartKey: parsePlace(table, after) }),
  })
  const page = await table.send<ScanCommandOutput>(command, call, { needsKeysOnly: true })
  const found = new Set<string>()
  for (const head of page.Items ?? []) {
    const session = head[primaryKeyName]?.S
    if (session !== undefined && head.n?.N !== '0' && !table.isExpired(head)) found.add(session)
  }
  const last = page.LastEvaluatedKey
  return last === undefined ? { sessions: [...found] } : { sessions: [...found], next: formatPlace(table, last) }
}

function formatPlace(table: Table, key: Item): string {
  return JSON.stringify([key[table.settings.primaryKeyName]?.S, table.sortKeyOf(key)])
}

function parsePlace(table: Table, place: string): Item {
  let parsed: unknown
  try {
    parsed = JSON.parse(place)
  } catch {}
  const [session, sortKey] = Array.isArray(parsed) ? (parsed as unknown[]) : []
  if (typeof session !== 'string' || typeof sortKey !== 'string')
    throw argumentError('after is not a place in the sessions of a DynamoDB table')
  return table.key(session, sortKey)
}
