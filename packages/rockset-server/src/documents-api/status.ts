import type { DocumentError } from '../errors.js'

/** What became of one document of a request. */
export type DocumentStatus =
  | { readonly _collection: string; readonly _id: string; readonly status: 'ADDED' | 'REPLACED' | 'DELETED' }
  | { readonly _collection: string; readonly _id: string; readonly status: 'PATCHED'; readonly patch_id: string }
  | {
      readonly _collection: string
      /** Missing if the request names none. */
      readonly _id?: string
      readonly status: 'ERROR'
      readonly error: { readonly message: string; readonly type: DocumentError['type'] }
    }
