import type { BackendSupports } from '@hist/core'
import type { Collection } from '../collection.js'
import type { Layout } from '../layout.js'
import { append } from './append.js'
import { clear } from './clear.js'
import { Documents } from './documents.js'
import { read } from './read.js'
import { listSessions } from './sessions.js'

const SUPPORTS: BackendSupports = {
  durable: true,
  // A request has 10 MiB. Each message takes some 110 bytes more than its body there.
  atomicAppend: { messages: 4_000, bytes: 9_000_000 },
  idempotency: 'always',
  ttl: false,
  clear: 'atomic',
  sessions: true,
  maxMessageBytes: 9_000_000,
  // The document: `@hist/rockset-server` keeps 100 MiB.
  maxSessionBytes: 100_000_000,
  maxDepth: 500,
}

/** One document for each session, as Python's class has it. */
export function sessionLayout(collection: Collection): Layout {
  const documents = new Documents(collection)
  return {
    collection,
    supports: SUPPORTS,
    append: (...request) => append(documents, ...request),
    read: (...request) => read(documents, ...request),
    clear: (...request) => clear(documents, ...request),
    sessions: (...request) => listSessions(collection, ...request),
  }
}
