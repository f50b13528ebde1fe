import type { Call } from '@hist/core'
import { persist, ticksOf } from '@hist/core/backend'
import type { Collection } from '../collection.js'
import { afterWriting } from '../errors.js'
import { appendOf } from './read.js'

/** Documents that one request deletes. */
const MOST_DOCUMENTS = 10_000

/** Deletes what is there up to the newest message, which is asked for once: a busy writer must not make this endless. */
export async function clear(collection: Collection, session: string, call: Call): Promise<{ observed?: bigint }> {
  const newest = `SELECT MAX(m.seq) AS last FROM ${collection.name} m WHERE m.session_id = :s`
  const [row] = await collection.query<{ last?: unknown }>(newest, { s: session }, call)
  const last = row?.last
  if (typeof last !== 'string') return {}
  const page =
    `SELECT m._id AS id FROM ${collection.name} m WHERE m.session_id = :s AND m.seq <= :last` +
    ` ORDER BY m._id LIMIT ${MOST_DOCUMENTS}`
  const findAll = () => collection.query<{ id: string }>(page, { s: session, last }, call)
  let rows = await persist(call, findAll)
  try {
    while (rows.length > 0) {
      const found = rows
      await persist(call, () => deleteAll(collection, found, call))
      rows = found.length < MOST_DOCUMENTS ? [] : await persist(call, findAll)
    }
  } catch (error) {
    throw afterWriting(error)
  }
  const append = appendOf(last)
  return append === undefined ? {} : { observed: ticksOf(append) }
}

async function deleteAll(collection: Collection, rows: readonly { readonly id: string }[], call: Call): Promise<void> {
  const documents = rows.map(({ id }) => ({ _id: id }))
  const { statuses, offset } = await collection.write('deleteDocuments', documents, call)
  // One that is gone already is no failure.
  const refused = statuses.find(({ status, error }) => status !== 'DELETED' && error?.type !== 'NOTFOUND')
  if (refused !== undefined) throw collection.refusal(refused)
  await collection.waitFor(offset, call)
}
