import { HistoryStore } from '@hist/core'
import { pickStoreOptions } from '@hist/core/backend'
import { DynamoDBBackend } from './backend.js'
import type { DynamoDBOptions } from './options.js'

export { DynamoDBBackend } from './backend.js'
export type { DynamoDBClientLike } from './client.js'
export type {
  DynamoDBKey,
  DynamoDBOptions,
  DynamoDBSessionOptions,
  DynamoDBTableOptions,
  InjectedClientOptions,
  ItemsLayoutOptions,
  ListLayoutOptions,
  OwnClientOptions,
  TableOptions,
} from './options.js'

/**
 * A store in a DynamoDB table. Hold one for the whole process. No I/O before the first call, except with `setupMode: 'async'`.
 * @throws TypeError naming an unknown or wrong option
 */
export function createDynamoDBHistory(options: DynamoDBOptions): HistoryStore {
  const backend = new DynamoDBBackend(options)
  const store = new HistoryStore(backend, pickStoreOptions(options))
  backend.setUpInBackground()
  return store
}
