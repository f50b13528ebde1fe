import type { BackendSupports } from '@hist/core'
import type { OpenClient } from '../client.js'
import type { Layout } from '../layout.js'
import { type DynamoDBOptions, listSettings } from '../options.js'
import { append } from './append.js'
import { MOST_DEPTH } from './attribute-value.js'
import { ListTable } from './list-table.js'
import { RECOGNISED_SECONDS } from './operation-tokens.js'
import { clear, read } from './read.js'
import { listSessions } from './sessions.js'

/** An item holds 409,600 bytes, and a message is counted otherwise there than as JSON text. */
const MOST_BYTES = 400_000

const SUPPORTS: BackendSupports = {
  durable: true,
  atomicAppend: { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
  idempotency: { forSeconds: RECOGNISED_SECONDS },
  ttl: 'session',
  clear: 'atomic',
  sessions: true,
  maxMessageBytes: MOST_BYTES,
  maxSessionBytes: MOST_BYTES,
  maxDepth: MOST_DEPTH,
}

/** One item for each session, as Python's class has it. */
export function listLayout(options: DynamoDBOptions, openClient: () => OpenClient): Layout {
  const table = new ListTable(listSettings(options), openClient)
  return {
    table,
    supports: SUPPORTS,
    append: (...request) => append(table, ...request),
    read: (...request) => read(table, ...request),
    clear: (...request) => clear(table, ...request),
    sessions: (...request) => listSessions(table, ...request),
  }
}
