import { type Call, type EncodedBatch, HistoryError } from '@hist/core'
import type { Collection } from '../collection.js'
import { documentsOf } from './document.js'

/** Writes the documents of a batch by one request. Again: over themselves. */
export async function append(collection: Collection, session: string, batch: EncodedBatch, call: Call): Promise<void> {
  const documents = documentsOf(session, batch, collection.settings)
  const { statuses, offset } = await collection.write('addDocuments', documents, call)
  const refused = statuses.filter(({ status }) => status !== 'ADDED' && status !== 'REPLACED')
  const [first] = refused
  if (first !== undefined) {
    const { message, code, cause } = collection.refusal(first)
    const outcome = refused.length === statuses.length ? 'failed' : 'unknown'
    throw new HistoryError(message, { code, outcome, cause })
  }
  await collection.waitFor(offset, call)
}
