import { setTimeout as wait } from 'node:timers/promises'
import { type Call, HistoryError } from '@hist/core'
import type { Brokers, Leaders } from './brokers.js'
import { typesOf } from './errors.js'
import type { TopicSettings } from './options.js'

/** Of every topic there is one partition that is written to: between several there would be no order. */
export const PARTITION = 0
const CREATE_LIMIT_MS = 8_000
const READY_LIMIT_MS = 10_000
const LOOK_AGAIN_MS = 10
/** Topics whose leaders are remembered: enough for the sessions that are used at a time. */
const MOST_REMEMBERED = 10_000

/** What is known of topics. */
export interface TopicMemory {
  readonly leaders: Map<string, Leaders>
  /** Where the log ended when our last append to it was acknowledged, of `PARTITION`. */
  readonly ends: Map<string, bigint>
}

/** The topics of a cluster: where they are led, making and deleting them. */
export class Topics {
  readonly brokers: Brokers
  readonly settings: TopicSettings
  readonly #leaders: Map<string, Leaders>
  readonly #ends: Map<string, bigint>
  readonly #creating = new Map<string, Promise<void>>()

  constructor(brokers: Brokers, settings: TopicSettings, memory: TopicMemory) {
    this.brokers = brokers
    this.settings = settings
    this.#leaders = memory.leaders
    this.#ends = memory.ends
  }

  /** The leaders of a topic, perhaps of a while ago; undefined if there is no such topic. */
  async leaders(topic: string): Promise<Leaders | undefined> {
    const known = this.#leaders.get(topic)
    if (known !== undefined) return known
    const leaders = await this.brokers.leaders(topic)
    if (leaders !== undefined) remember(this.#leaders, topic, leaders)
    return leaders
  }

  /** The next look asks a broker. */
  forgetLeaders(topic: string): void {
    this.#leaders.delete(topic)
  }

  /** The topic was deleted, and perhaps made again. */
  forget(topic: string): void {
    this.#leaders.delete(topic)
    this.#ends.delete(topic)
  }

  acknowledgedEnd(topic: string): bigint {
    return this.#ends.get(topic) ?? 0n
  }

  /** What is acknowledged later ends later, but in a topic that was made anew. */
  acknowledge(topic: string, end: bigint): void {
    remember(this.#ends, topic, end)
  }

  /** Makes the topic unless it is there, and waits until it has leaders. */
  async create(topic: string, call: Pick<Call, 'signal'>): Promise<void> {
    const creating = this.#creating.get(topic) ?? this.#create(topic, call).finally(() => this.#creating.delete(topic))
    this.#creating.set(topic, creating)
    await creating
  }

  async #create(topic: string, { signal }: Pick<Call, 'signal'>): Promise<void> {
    const { setupMode, ttlMs, partitionCount, replicationFactor, topicConfig } = this.settings
    if (setupMode === 'off') throw missingTopic(topic, this.settings)
    const config = {
      'retention.bytes': '-1',
      ...topicConfig,
      'cleanup.policy': 'delete',
      'retention.ms': ttlMs,
    }
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value: String(value) }))
    const topics = [{ topic, numPartitions: partitionCount, replicationFactor, configEntries }]
    try {
      await this.brokers.askController(CREATE_LIMIT_MS, broker => broker.createTopics({ topics, timeout: 5_000 }))
    } catch (error) {
      if (!typesOf(error).includes('TOPIC_ALREADY_EXISTS')) throw error
    }
    this.forget(topic)
    const giveUpAt = performance.now() + READY_LIMIT_MS
    while ((await this.#leadersIfReady(topic)) === undefined) {
      if (performance.now() > giveUpAt)
        throw new HistoryError(`Kafka: topic ${topic} was made, but has no leader yet`, {
          code: 'UNAVAILABLE',
          outcome: 'failed',
        })
      await wait(LOOK_AGAIN_MS, undefined, { signal })
    }
  }

  async #leadersIfReady(topic: string): Promise<Leaders | undefined> {
    try {
      return await this.leaders(topic)
    } catch (error) {
      if (typesOf(error).includes('LEADER_NOT_AVAILABLE')) return undefined
      throw error
    }
  }
}

export function missingTopic(topic: string, { ttlMs, partitionCount }: TopicSettings): HistoryError {
  return new HistoryError(
    `Kafka: there is no topic ${topic}, and setupMode is 'off'; make it with setupMode 'sync', or by\n` +
      `kafka-topics.sh --create --topic ${topic} --partitions ${partitionCount} --config cleanup.policy=delete --config retention.ms=${ttlMs}`,
    { code: 'NOT_SET_UP' },
  )
}

/** What was remembered first is forgotten first. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= MOST_REMEMBERED) return
  const [first] = map.keys()
  if (first !== undefined) map.delete(first)
}
