import type { BackendSupports } from '@hist/core'
import type { OpenClient } from '../client.js'
import type { Layout } from '../layout.js'
import { type DynamoDBOptions, itemsSettings } from '../options.js'
import { append } from './append.js'
import { clear } from './clear.js'
import { ItemsTable } from './items-table.js'
import { read } from './read.js'
import { listSessions } from './sessions.js'

const SUPPORTS: BackendSupports = {
  durable: true,
  // Any size becomes visible by the put of one item, so no append is ever cut and half of one is never seen.
  atomicAppend: { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
  idempotency: 'always',
  ttl: 'message',
  clear: 'gradual',
  sessions: true,
  // No limit of the server: an append is held in memory and costs a write unit for each KiB.
  maxMessageBytes: 16 * 1_024 * 1_024,
  maxSessionBytes: Number.POSITIVE_INFINITY,
  maxDepth: 500,
}

/** One item for each append. */
export function itemsLayout(options: DynamoDBOptions, openClient: () => OpenClient): Layout {
  const table = new ItemsTable(itemsSettings(options), openClient)
  return {
    table,
    supports: SUPPORTS,
    append: (...request) => append(table, ...request),
    read: (...request) => read(table, ...request),
    clear: (...request) => clear(table, ...request),
    sessions: (...request) => listSessions(table, ...request),
  }
}
