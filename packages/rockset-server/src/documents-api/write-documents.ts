import { randomUUID } from 'node:crypto'
import { DocumentError, RequestError } from '../errors.js'
import type { Collection } from '../storage/catalog.js'
import type { Database } from '../storage/database.js'
import type { WriteBatch } from '../storage/write-log.js'
import { addDocument } from './add.js'
import { isId, longestId } from './id.js'
import type { CopyBudget } from './operations.js'
import { patchDocument } from './patch.js'
import type { DocumentStatus } from './status.js'

export type WriteKind = 'add' | 'patch' | 'delete'

export interface WriteAnswer {
  readonly data: readonly DocumentStatus[]
  /** A fence: once it has passed, the write can be read. */
  readonly last_offset: string
}

/** Nobody else is answered meanwhile. A request that only adds documents takes a second or two. */
const maxMilliseconds = 30_000

/**
 * The documents of a request, in their order, in one transaction. One that cannot be written has the status ERROR; the others are written.
 * @throws RequestError CONTENTTOOLARGE after 30 s; nothing is written then
 */
export function writeDocuments(
  database: Database,
  collection: Collection,
  kind: WriteKind,
  items: readonly unknown[],
): WriteAnswer {
  const now = database.now()
  const budget: CopyBudget = { characters: 10 * 1_024 * 1_024 }
  const start = performance.now()
  const write = (batch: WriteBatch, item: unknown) => {
    if (performance.now() - start > maxMilliseconds)
      throw new RequestError(
        'CONTENTTOOLARGE',
        `The request takes more than ${maxMilliseconds} ms: send fewer documents at a time`,
      )
    return writeDocument(kind, batch, item, now, budget)
  }
  const { result, offset } = database.write(collection, batch =>
    items.map(item => statusOf(collection.name, item, () => write(batch, item))),
  )
  return { data: result, last_offset: `f1:0:0:0:${offset}` }
}

type Written = { readonly _id: string; readonly status: 'ADDED' | 'REPLACED' | 'DELETED' | 'PATCHED' }

function writeDocument(kind: WriteKind, batch: WriteBatch, item: unknown, now: number, budget: CopyBudget): Written {
  if (!isObject(item)) throw new DocumentError('INVALIDINPUT', 'a document is no object')
  if (kind === 'add') return addDocument(batch, item, now)
  const { _id } = item
  if (!isId(_id)) throw new DocumentError('INVALIDINPUT', `_id must be a string of at most ${longestId} characters`)
  if (kind === 'patch') return patchDocument(batch, { ...item, _id }, now, budget)
  batch.write({ id: _id, next: undefined })
  return { _id, status: 'DELETED' }
}

function statusOf(_collection: string, item: unknown, action: () => Written): DocumentStatus {
  try {
    const { _id, status } = action()
    return status === 'PATCHED' ? { _collection, _id, patch_id: randomUUID(), status } : { _collection, _id, status }
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    const id = isObject(item) && typeof item._id === 'string' ? { _id: item._id } : {}
    return { _collection, ...id, status: 'ERROR', error: { message: error.message, type: error.type } }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
