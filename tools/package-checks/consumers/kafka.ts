// Compiled against the packed package, as ESM, as CommonJS and for bundlers; never run.
import type { HistoryStore } from '@hist/core'
import { createKafkaHistory, KafkaBackend, KafkaChatMessageHistory } from '@hist/kafka'
import {
  createKafkaHistory as createWithoutLangChain,
  type InjectedClientOptions,
  type KafkaClientLike,
  type KafkaOptions,
  type KafkaTopicOptions,
  type OwnClientOptions,
} from '@hist/kafka/store'
import type { BaseListChatMessageHistory } from '@langchain/core/chat_history'
import { Kafka } from 'kafkajs'

const kafka = new Kafka({ brokers: ['127.0.0.1:9092'] })
const topics: KafkaTopicOptions = { topicPrefix: 'chat-', clearMode: 'delete-topic', topicConfig: { 'min.insync.replicas': 2 } }
const own: OwnClientOptions = { bootstrapServers: '127.0.0.1:9092' }
const borrowed: KafkaClientLike = kafka
const theirs: InjectedClientOptions = { client: borrowed }
const secured: KafkaOptions = {
  bootstrapServers: ['10.0.0.1:9093', '10.0.0.2:9093'],
  clientOptions: { ssl: true, sasl: { mechanism: 'scram-sha-512', username: 'app', password: 'secret' } },
  topicPrefix: 'chat-',
  ttlMs: -1,
}

export const shared: HistoryStore = createKafkaHistory({ ...own, topicPrefix: 'chat-' })
export const injected: HistoryStore = createWithoutLangChain({ client: kafka })
export const others: unknown[] = [new KafkaBackend(secured), createWithoutLangChain({ ...topics, ...theirs })]
export const langChain: BaseListChatMessageHistory[] = [
  new KafkaChatMessageHistory({ sessionId: 'user-42', bootstrapServers: '127.0.0.1:9092' }),
  new KafkaChatMessageHistory({ sessionId: 'user-42', store: shared }),
]
// @ts-expect-error a client excludes the settings of one
createKafkaHistory({ client: kafka, bootstrapServers: '127.0.0.1:9092' })
// @ts-expect-error one of them is required
createKafkaHistory({ topicPrefix: 'chat-' })
