import { ScanCommand, type ScanCommandInput, type ScanCommandOutput } from '@aws-sdk/client-dynamodb'
import { argumentError, type Call, type SessionSlice } from '@hist/core'
import type { Item, Table } from './table.js'

export interface SessionsRange {
  readonly prefix?: string | undefined
  readonly after?: string | undefined
}

/**
 * One page of a Scan: it reads the table from end to end, 1 MB a page, whatever the filter.
 * @param filter the time of expiry is read too
 */
export async function scan(
  table: Table,
  { after }: SessionsRange,
  filter: Pick<ScanCommandInput, 'FilterExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'> & {
    readonly ProjectionExpression: string
  },
  sessionOf: (item: Item) => string | undefined,
  call: Call,
): Promise<SessionSlice> {
  const { tableName, ttlKeyName } = table.settings
  const command = new ScanCommand({
    TableName: tableName,
    ...filter,
    ProjectionExpression: `${filter.ProjectionExpression}, #t`,
    ExpressionAttributeNames: { ...filter.ExpressionAttributeNames, '#t': ttlKeyName },
    ...(after === undefined ? {} : { ExclusiveStartKey: parsePlace(table, after) }),
  })
  const page = await table.send<ScanCommandOutput>(command, call, { needsKeysOnly: true })
  const found = new Set<string>()
  for (const item of page.Items ?? []) {
    const session = table.isExpired(item) ? undefined : sessionOf(item)
    if (session !== undefined) found.add(session)
  }
  const last = page.LastEvaluatedKey
  return last === undefined ? { sessions: [...found] } : { sessions: [...found], next: formatPlace(table, last) }
}

function formatPlace(table: Table, key: Item): string {
  return JSON.stringify(table.keyNames.map(name => key[name]?.S))
}

function parsePlace({ keyNames }: Table, place: string): Item {
  let parsed: unknown
  try {
    parsed = JSON.parse(place)
  } catch {}
  const values: unknown[] = Array.isArray(parsed) ? parsed : []
  if (values.length !== keyNames.length || !values.every(value => typeof value === 'string'))
    throw argumentError('after is not a place in the sessions of a DynamoDB table')
  return Object.fromEntries(keyNames.map((name, index) => [name, { S: values[index] as string }]))
}
