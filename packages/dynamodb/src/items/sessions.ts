import type { Call, SessionSlice } from '@hist/core'
import { type SessionsRange, scan } from '../scan.js'
import type { Item } from '../table.js'
import type { ItemsTable } from './items-table.js'
import { HEAD } from './sort-key.js'

/** The sessions of one page of a table of layout `'items'`. */
export function listSessions(table: ItemsTable, range: SessionsRange, call: Call): Promise<SessionSlice> {
  const { primaryKeyName, sortKeyName } = table.settings
  const { prefix = '' } = range
  const filter = {
    ProjectionExpression: '#p, #n',
    FilterExpression: `begins_with(#s, :head)${prefix === '' ? '' : ' AND begins_with(#p, :prefix)'}`,
    ExpressionAttributeNames: { '#p': primaryKeyName, '#s': sortKeyName, '#n': 'n' },
    ExpressionAttributeValues: { ':head': { S: HEAD }, ...(prefix === '' ? {} : { ':prefix': { S: prefix } }) },
  }
  const sessionOf = (head: Item) => (head.n?.N === '0' ? undefined : head[primaryKeyName]?.S)
  return scan(table, range, filter, sessionOf, call)
}
