export * from '@hist/cassandra/store'
export { CassandraChatMessageHistory } from './chat-message-history.js'
