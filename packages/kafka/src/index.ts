export * from '@hist/kafka/store'
export { KafkaChatMessageHistory } from './chat-message-history.js'
export type { ConsumerReadOptions } from './consumer-reads-of.js'
