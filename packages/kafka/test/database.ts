import { randomBytes } from 'node:crypto'
import type { HistoryStore } from '@hist/core'
import { createKafkaHistory, type KafkaTopicOptions } from '@hist/kafka/store'
import type { KafkaAddress } from '@hist/servers'
import type { Admin, ITopicConfig, KafkaConfig } from 'kafkajs'
import { vi } from 'vitest'
import { borrowCluster, createClient, type FetchedRecord } from '../src/client.js'

/** Topics of their own, by a prefix, on brokers that others use too, and a look at what is stored. */
export interface Database {
  readonly topicPrefix: string
  /** Options for a client of the library's own. */
  readonly own: { readonly bootstrapServers: string; readonly clientOptions: Omit<KafkaConfig, 'brokers'> }
  /** The records of a topic, in order; of partition 0 unless another is given. */
  records(topic: string, partition?: number): Promise<FetchedRecord[]>
  /** A store with the prefix, over a client of its own; closed with the database. */
  store(options?: Partial<KafkaTopicOptions>, clientOptions?: Omit<KafkaConfig, 'brokers'>): HistoryStore
  /** Deletes the topics that begin with the prefix. */
  close(): Promise<void>
}

export function openDatabase(address: KafkaAddress): Database {
  const topicPrefix = `test-${randomBytes(6).toString('hex')}-`
  const own = { bootstrapServers: address.bootstrapServers, clientOptions: clientOptionsOf(address) }
  const { pool, release } = borrowCluster(createClient(address.bootstrapServers.split(','), own.clientOptions).client)
  const stores: HistoryStore[] = []
  const leaderOf = async (topic: string, partition: number) => {
    await pool.connect()
    await pool.refreshMetadata([topic])
    const topicMetadata = pool.metadata?.topicMetadata.find(({ topic: name }) => name === topic)
    const leader = topicMetadata?.partitionMetadata.find(({ partitionId }) => partitionId === partition)?.leader
    return pool.findBroker({ nodeId: leader ?? -1 })
  }
  return {
    topicPrefix,
    own,
    async records(topic, partition = 0) {
      let broker: Awaited<ReturnType<typeof leaderOf>>
      try {
        broker = await leaderOf(topic, partition)
      } catch (error) {
        if ((error as { type?: unknown }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return []
        throw error
      }
      const offsetAt = async (timestamp: string) => {
        const topics = [{ topic, partitions: [{ partition, timestamp }] }]
        const { responses } = await broker.listOffsets({ isolationLevel: 0, topics })
        return BigInt(responses[0]?.partitions[0]?.offset ?? 0)
      }
      const [start, end] = [await offsetAt('-2'), await offsetAt('-1')]
      const records: FetchedRecord[] = []
      for (let next = start; next < end; ) {
        const topics = [{ topic, partitions: [{ partition, fetchOffset: String(next), maxBytes: 1_048_576 }] }]
        const answer = await broker.fetch({ isolationLevel: 0, maxWaitTime: 100, minBytes: 1, maxBytes: 1_048_576, topics })
        for (const record of answer.responses[0]?.partitions[0]?.messages ?? []) {
          if (BigInt(record.offset) < next) continue
          records.push(record)
          next = BigInt(record.offset) + 1n
        }
      }
      return records
    },
    store(options = {}, clientOptions = {}) {
      const store = createKafkaHistory({
        ...own,
        clientOptions: { ...own.clientOptions, ...clientOptions },
        topicPrefix,
        ...options,
      })
      stores.push(store)
      return store
    },
    async close() {
      await Promise.all(stores.map(store => store.close()))
      await pool.connect()
      const { topicMetadata } = (await pool.seedBroker?.metadata([])) ?? { topicMetadata: [] }
      const topics = topicMetadata.map(({ topic }) => topic).filter(topic => topic.startsWith(topicPrefix))
      if (topics.length > 0) await pool.seedBroker?.deleteTopics({ topics, timeout: 10_000 })
      await release()
    },
  }
}

/** kafkajs's own wait for leaders fails if a broker has not heard of the topic yet. @returns the leaders, by partition */
export async function createTopic(admin: Admin, topic: ITopicConfig): Promise<number[]> {
  await admin.createTopics({ topics: [topic], waitForLeaders: false })
  const leaders = async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic.topic] })
    return topics[0]?.partitions.map(({ leader }) => leader)
  }
  return vi.waitUntil(() => leaders().catch(() => undefined), { timeout: 20_000 })
}

export function clientOptionsOf({ ssl, sasl }: KafkaAddress): Omit<KafkaConfig, 'brokers'> {
  return { ...(ssl && { ssl }), ...(sasl && { sasl: { ...sasl } as NonNullable<KafkaConfig['sasl']> }) }
}
