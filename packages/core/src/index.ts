export type { AppendId } from './append-id.js'
export * from './backend.js'
export {
  type AppendOptions,
  ChatHistory,
  type ClearOptions,
  type EntriesOptions,
  type Entry,
  type Page,
  type PageOptions,
  type ReadOptions,
} from './chat-history.js'
export type { Clock } from './clock.js'
export { type DecodeOptions, decodeMessage, type EncodeOptions, encodeMessage } from './codec.js'
export {
  argumentError,
  HistoryError,
  type HistoryErrorCode,
  type HistoryErrorDetails,
  isArgumentError,
  isHistoryError,
  type Outcome,
} from './errors.js'
export { createMemoryHistory, MemoryBackend, type MemoryBackendOptions, MemoryDatabase } from './memory-backend.js'
export type * from './message.js'
export type { CallOptions, HistoryStoreOptions } from './options.js'
export { HistoryStore, type SessionsOptions } from './store.js'
export type { HistoryWarning, OnWarning } from './warning.js'
