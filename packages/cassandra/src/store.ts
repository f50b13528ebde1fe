import { HistoryStore } from '@hist/core'
import { pickStoreOptions } from '@hist/core/backend'
import { CassandraBackend } from './backend.js'
import { CommunityTableReader } from './community.js'
import type { CassandraOptions } from './options.js'

export { CassandraBackend } from './backend.js'
export type { CassandraClientLike } from './client.js'
export type {
  CassandraConsistency,
  CassandraCredentials,
  CassandraOptions,
  CassandraTableOptions,
  CassandraTlsOptions,
  CloudClientOptions,
  InjectedClientOptions,
  OwnClientOptions,
} from './options.js'

/**
 * A store in a Cassandra table. Hold one for the whole process. No I/O before the first call, except with `setupMode: 'async'`.
 * @throws TypeError naming an unknown or wrong option
 */
export function createCassandraHistory(options: CassandraOptions): HistoryStore {
  if (options?.layout === 'community') return new HistoryStore(new CommunityTableReader(options), pickStoreOptions(options))
  const backend = new CassandraBackend(options)
  const store = new HistoryStore(backend, pickStoreOptions(options))
  backend.setUpInBackground()
  return store
}
