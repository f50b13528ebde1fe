import type { Call, SessionSlice } from '@hist/core'
import type { Collection } from '../collection.js'
import type { SessionsRange } from '../layout.js'
import { ALIVE } from './document.js'

/** Sessions that one request asks for. */
const MOST_SESSIONS = 500

/** One page of the sessions that hold a message, in the order of their ids. */
export async function listSessions(collection: Collection, range: SessionsRange, call: Call): Promise<SessionSlice> {
  const { prefix = '', after } = range
  const query =
    `SELECT m.session_id AS session_id FROM ${collection.name} m` +
    ` WHERE m.session_id ${after === undefined ? '>=' : '>'} :from AND ${ALIVE}` +
    ' GROUP BY m.session_id ORDER BY session_id LIMIT :n'
  const values = { from: after ?? prefix, now: collection.nowMs(), n: MOST_SESSIONS }
  const rows = await collection.query<{ session_id: string }>(query, values, call)
  const sessions = rows.map(row => row.session_id).filter(session => session.startsWith(prefix))
  const last = sessions.at(-1)
  // What begins with the prefix is one run in this order.
  return last === undefined || sessions.length < MOST_SESSIONS ? { sessions } : { sessions, next: last }
}
