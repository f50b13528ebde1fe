import type { Call, RawSlice, ReadRange } from '@hist/core'
import { type ConformanceSetup, historyBackendContract } from '@hist/core/conformance'
import { KafkaBackend, type KafkaTopicOptions } from '@hist/kafka/store'
import type { KafkaAddress } from '@hist/servers'
import { describeWithServer } from '@hist/servers/vitest'
import * as vitest from 'vitest'
import { openDatabase } from './database.js'

/** Asks for two records at a time. */
class SmallPages extends KafkaBackend {
  override read(session: string, range: ReadRange, call: Call): Promise<RawSlice> {
    return super.read(session, { ...range, limit: Math.min(range.limit ?? 2, 2) }, call)
  }
}

async function setUp(
  address: KafkaAddress,
  Backend: typeof KafkaBackend,
  optionsFor: (topicPrefix: string) => Partial<KafkaTopicOptions>,
): Promise<ConformanceSetup> {
  const database = openDatabase(address)
  const options = optionsFor(database.topicPrefix)
  const { topicPrefix = '' } = options
  return {
    open: ({ ttlSeconds, ...more } = {}) => {
      const ttlMs = typeof ttlSeconds === 'number' ? ttlSeconds * 1_000 : ttlSeconds
      return new Backend({ ...database.own, ...options, ...more, ...(ttlMs === undefined ? {} : { ttlMs }) })
    },
    raw: session => database.records(topicPrefix + session),
    stop: () => database.close(),
  }
}

describeWithServer('kafka', 'conformance', address => {
  historyBackendContract({
    runner: vitest,
    name: 'Kafka, by default',
    setup: () => setUp(address, KafkaBackend, () => ({})),
  })
  historyBackendContract({
    runner: vitest,
    name: 'Kafka, everything otherwise',
    setup: () => setUp(address, SmallPages, topicPrefix => ({ topicPrefix, clearMode: 'delete-topic', ttlMs: -1 })),
    options: { longSession: 300 },
  })
})
