import { HistoryStore } from '@hist/core'
import { pickStoreOptions } from '@hist/core/backend'
import { RocksetBackend } from './backend.js'
import type { RocksetOptions } from './options.js'

export { RocksetBackend } from './backend.js'
export { type RocksetClientLike, RocksetError } from './client.js'
export type {
  CollectionOptions,
  InjectedClientOptions,
  MessageLayoutOptions,
  OwnClientOptions,
  RocksetCollectionOptions,
  RocksetOptions,
  SessionLayoutOptions,
} from './options.js'

/**
 * A store in a Rockset collection. Hold one for the whole process. No I/O before the first call, except with `setupMode: 'async'`.
 * @throws TypeError naming an unknown or wrong option
 */
export function createRocksetHistory(options: RocksetOptions): HistoryStore {
  const backend = new RocksetBackend(options)
  const store = new HistoryStore(backend, pickStoreOptions(options))
  backend.setUpInBackground()
  return store
}
