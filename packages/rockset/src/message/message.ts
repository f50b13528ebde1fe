import type { BackendSupports } from '@hist/core'
import { Once } from '@hist/core/backend'
import type { Collection } from '../collection.js'
import type { Layout } from '../layout.js'
import { checkServer } from '../schema.js'
import { append } from './append.js'
import { clear } from './clear.js'
import { read } from './read.js'
import { listSessions } from './sessions.js'

function supports(server: 'hist' | 'rockset'): BackendSupports {
  return {
    durable: true,
    // A request has 10 MiB, and each message brings the session's id along, which takes 6 KiB if each character is an escape. Of other servers
    // one document at a time is written as a whole.
    atomicAppend: { messages: server === 'hist' ? 500 : 1, bytes: 7_000_000 },
    idempotency: 'always',
    ttl: 'message',
    clear: 'gradual',
    sessions: true,
    maxMessageBytes: 9_000_000,
    maxSessionBytes: Number.POSITIVE_INFINITY,
    maxDepth: 500,
  }
}

/** One document for each message. */
export function messageLayout(collection: Collection): Layout {
  const { server, setupTimeoutMs } = collection.settings
  const checked = new Once(setupTimeoutMs, call => checkServer(collection, call))
  return {
    collection,
    supports: supports(server),
    async append(session, batch, call) {
      if (server === 'hist') await checked.get(call)
      await append(collection, session, batch, call)
    },
    read: (...request) => read(collection, ...request),
    clear: (...request) => clear(collection, ...request),
    sessions: (...request) => listSessions(collection, ...request),
  }
}
