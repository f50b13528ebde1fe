import type { Call, SessionSlice } from '@hist/core'
import { type Collection, quoted } from '../collection.js'
import type { SessionsRange } from '../layout.js'

/** Documents that one request asks for. */
const MOST_DOCUMENTS = 500

/** The sessions of one page of documents, in the order of their ids. Empty lists are none. */
export async function listSessions(collection: Collection, range: SessionsRange, call: Call): Promise<SessionSlice> {
  const { prefix = '', after } = range
  const list = `h.${quoted(collection.settings.messagesKey)}`
  const query =
    `SELECT h._id AS session_id, LENGTH(${list}) AS n FROM ${collection.name} h` +
    ` WHERE h._id ${after === undefined ? '>=' : '>'} :from ORDER BY h._id LIMIT :n`
  const values = { from: after ?? prefix, n: MOST_DOCUMENTS }
  const rows = await collection.query<{ session_id: string; n?: unknown }>(query, values, call)
  const within = rows.filter(row => row.session_id.startsWith(prefix))
  const sessions = within.filter(row => typeof row.n === 'number' && row.n > 0).map(row => row.session_id)
  const last = within.at(-1)
  // What begins with the prefix is one run in this order.
  return last === undefined || within.length < MOST_DOCUMENTS ? { sessions } : { sessions, next: last.session_id }
}
