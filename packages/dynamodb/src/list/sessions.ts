import { isDeepStrictEqual } from 'node:util'
import { type Call, HistoryError, type SessionSlice } from '@hist/core'
import { type SessionsRange, scan } from '../scan.js'
import type { Item } from '../table.js'
import type { ListTable } from './list-table.js'

/** The sessions of one page of a table of layout `'list'`. Empty lists are none. */
export async function listSessions(table: ListTable, range: SessionsRange, call: Call): Promise<SessionSlice> {
  const { prefix = '' } = range
  const example = prefix || 'any'
  const exampleKey = table.keyIn(example)
  const sessionKey = table.keyNames.find(name => exampleKey[name]?.S === example)
  if (sessionKey === undefined) {
    const text = 'sessions can only be listed if one attribute of their key is the session id'
    throw new HistoryError(text, { code: 'UNSUPPORTED' })
  }
  const names = Object.fromEntries(table.keyNames.map((name, index) => [`#k${index}`, name]))
  const filter = {
    ProjectionExpression: Object.keys(names).join(', '),
    FilterExpression: `attribute_type(#h, :list) AND size(#h) > :none${prefix === '' ? '' : ' AND begins_with(#s, :prefix)'}`,
    ExpressionAttributeNames: {
      ...names,
      '#h': table.settings.historyMessagesKey,
      ...(prefix === '' ? {} : { '#s': sessionKey }),
    },
    ExpressionAttributeValues: {
      ':list': { S: 'L' },
      ':none': { N: '0' },
      ...(prefix === '' ? {} : { ':prefix': { S: prefix } }),
    },
  }
  /** Only of items that the session's key leads to: another user's are not. */
  const sessionOf = (item: Item) => {
    const session = item[sessionKey]?.S
    if (session === undefined || table.settings.key === undefined) return session
    const key = Object.fromEntries(table.keyNames.map(name => [name, item[name]]))
    return isDeepStrictEqual(table.keyIn(session), key) ? session : undefined
  }
  return scan(table, range, filter, sessionOf, call)
}
