import type { HistoryBackend, SessionLister } from '@hist/core'
import type { Collection } from './collection.js'

/** How sessions lie in a collection, and what that can do. */
export interface Layout extends Pick<HistoryBackend, 'supports' | 'append' | 'read' | 'clear'>, SessionLister {
  readonly collection: Collection
}

export interface SessionsRange {
  readonly prefix?: string | undefined
  readonly after?: string | undefined
}
