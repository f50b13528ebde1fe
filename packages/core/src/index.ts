export { type AppendId, millisecondsOf, TICKS_PER_MS, ticksOf } from './append-id.js'
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
  windowChecks,
} from './chat-history.js'
export { type Clock, systemClock } from './clock.js'
export { type DecodeOptions, decodeMessage, type EncodeOptions, encodeMessage } from './codec.js'
export { argumentError, HistoryError, type HistoryErrorCode, type HistoryErrorDetails, isHistoryError, type Outcome } from './errors.js'
export { createMemoryHistory, MemoryBackend, type MemoryBackendOptions, MemoryDatabase } from './memory-backend.js'
export * from './message.js'
export { Once } from './once.js'
export {
  type CallOptions,
  checkOptions,
  duration,
  flag,
  having,
  type HistoryStoreOptions,
  integer,
  type OptionCheck,
  type OptionChecks,
  oneOf,
  pickStoreOptions,
  storeChecks,
} from './options.js'
export { HistoryStore, type SessionsOptions } from './store.js'
export type { HistoryWarning, OnWarning } from './warning.js'
