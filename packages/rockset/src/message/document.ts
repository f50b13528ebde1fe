import { createHash } from 'node:crypto'
import type { EncodedBatch } from '@hist/core'
import { millisecondsOf } from '@hist/core/backend'
import type { CollectionSettings } from '../options.js'
import { type Row, rowsOf } from '../rows.js'

/** A message as it is stored. */
export interface MessageDocument {
  readonly _id: string
  readonly session_id: string
  /** Append id and index in the append: their order as text is the order of the messages. */
  readonly seq: string
  readonly message: Row
  /** Milliseconds since 1970. */
  readonly expires_at?: number
}

/** In SQL, of a document `m`; with a parameter `now`. */
export const ALIVE = '(m.expires_at IS UNDEFINED OR m.expires_at > :now)'

/** Everything in them derives from the batch: the same batch again makes the same documents. */
export function documentsOf(session: string, batch: EncodedBatch, settings: CollectionSettings): MessageDocument[] {
  const { ttlSeconds } = settings
  // Ids of sessions hold any Unicode and are long; what they are made of would be in every `_id`.
  const hash = createHash('sha256').update(session).digest('base64url').slice(0, 22)
  const expiry = ttlSeconds === undefined ? {} : { expires_at: millisecondsOf(batch.id) + ttlSeconds * 1_000 }
  return rowsOf(batch, settings).map((message, index) => {
    const seq = `${batch.id}-${String(batch.firstIndex + index).padStart(5, '0')}`
    return { _id: `${hash}:${seq}`, session_id: session, seq, message, ...expiry }
  })
}
