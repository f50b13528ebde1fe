import type { ChatHistory, StoredMessage } from '@hist/core'

/** Options of Python's ways to read. */
export interface ConsumerReadOptions {
  /** At most so many messages, ≥ 1. @default 5 */
  maxMessageCount?: number | undefined
  /** In seconds, above 0 and up to 2,000,000. @default 5 */
  maxTimeSec?: number | undefined
}

/** @internal */
export type ConsumerStart = 'beginning' | 'last-consumed' | 'latest'

interface Reads {
  messages(method: string, session: string, start: ConsumerStart, options?: ConsumerReadOptions): Promise<StoredMessage[]>
}

/** Of the sessions of Kafka stores. Kept on `globalThis`: this file is in both entries of the package, as ESM and as CommonJS. */
const registries = globalThis as typeof globalThis & { [key: symbol]: WeakMap<ChatHistory, Reads> | undefined }
const REGISTRY = Symbol.for('@hist/kafka:consumer-reads')

function registry(): WeakMap<ChatHistory, Reads> {
  registries[REGISTRY] ??= new WeakMap()
  return registries[REGISTRY]
}

/** Undefined for a session of another store. @internal */
export function consumerReadsOf(history: ChatHistory): Reads | undefined {
  return registry().get(history)
}

/** @internal */
export function setConsumerReads(history: ChatHistory, reads: Reads): void {
  registry().set(history, reads)
}
