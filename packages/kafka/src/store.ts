import { type ChatHistory, HistoryStore } from '@hist/core'
import { pickStoreOptions } from '@hist/core/backend'
import { KafkaBackend } from './backend.js'
import { ConsumerReads } from './consumer-reads.js'
import { setConsumerReads } from './consumer-reads-of.js'
import type { KafkaOptions } from './options.js'

export { KafkaBackend } from './backend.js'
export type { KafkaClientLike } from './client.js'
export type { InjectedClientOptions, KafkaOptions, KafkaTopicOptions, OwnClientOptions } from './options.js'

/**
 * A store in Kafka topics. Hold one for the whole process. No I/O before the first call.
 * @throws TypeError naming an unknown or wrong option
 */
export function createKafkaHistory(options: KafkaOptions): HistoryStore {
  return new KafkaStore(options)
}

/** Its sessions can be read as Python's class does: `KafkaChatMessageHistory` asks for that. */
class KafkaStore extends HistoryStore {
  readonly #reads: ConsumerReads

  constructor(options: KafkaOptions) {
    const backend = new KafkaBackend(options)
    const storeOptions = pickStoreOptions(options)
    super(backend, storeOptions)
    this.#reads = new ConsumerReads(backend, storeOptions)
  }

  override session(sessionId: string): ChatHistory {
    const history = super.session(sessionId)
    setConsumerReads(history, this.#reads)
    return history
  }
}
