import type { HistoryBackend, SessionLister } from '@hist/core'
import type { Table } from './table.js'

/** How sessions lie in a table, and what that can do. */
export interface Layout extends Pick<HistoryBackend, 'supports' | 'append' | 'read' | 'clear'>, SessionLister {
  readonly table: Table
}
