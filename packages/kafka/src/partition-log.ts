import { type Call, HistoryError } from '@hist/core'
import { pause } from '@hist/core/backend'
import type { FetchedPartition, FetchedRecord, KafkaBroker } from './client.js'
import { isOutOfRange, isStale, isUnknownTopic } from './errors.js'
import { PARTITION, type Topics } from './schema.js'

/** A broker answers at once, so one that has not done so by then hangs. */
const READ_LIMIT_MS = 4_000
/** What transactions left uncommitted, or aborted, is not read. */
const READ_COMMITTED = 1
export const READ_UNCOMMITTED = 0
const LATEST = '-1'
const EARLIEST = '-2'
/** kafkajs spreads what one answer holds over the stack. */
const MOST_BYTES = 4 * 1_024 * 1_024
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 250
/** For so long a new leader may show less than its predecessor did. */
const LONGEST_ELECTION_MS = 3_000

/** Records of one partition, with gaps where there are none, from `from` up to `next`. */
export interface Stretch {
  readonly records: readonly { readonly record: FetchedRecord; readonly isAborted: boolean }[]
  readonly next: bigint
  /** Where the log begins. */
  readonly start: bigint
}

/** One partition of a topic, through the broker that leads it. */
export class PartitionLog {
  readonly topics: Topics
  readonly topic: string
  readonly partition: number
  readonly call: Call

  constructor(topics: Topics, topic: string, partition: number, call: Call) {
    this.topics = topics
    this.topic = topic
    this.partition = partition
    this.call = call
  }

  /** Behind everything that is stored, and by default committed; and behind everything that we were told is stored. */
  async end(isolationLevel = READ_COMMITTED): Promise<bigint> {
    const listed = await this.#offsetAt(LATEST, isolationLevel)
    const acknowledged = this.partition === PARTITION ? this.topics.acknowledgedEnd(this.topic) : 0n
    return acknowledged > listed ? acknowledged : listed
  }

  start(): Promise<bigint> {
    return this.#offsetAt(EARLIEST)
  }

  /** The first record of that time or later; -1 if there is none. */
  since(milliseconds: number): Promise<bigint> {
    return this.#offsetAt(String(milliseconds))
  }

  /**
   * One fetch, from `from` on. What lies before the log's start is gone, so the stretch begins there then.
   * @param end known to exist: a leader that does not show it yet is asked again
   */
  async fetch(from: bigint, end: bigint, maxBytes: number): Promise<Stretch> {
    let first = from
    let bytes = Math.min(maxBytes, MOST_BYTES)
    let shownFor = 0
    for (let pauseMs = FIRST_PAUSE_MS; ; ) {
      if (first >= end) return { records: [], next: end, start: first }
      let answer: FetchedPartition
      try {
        answer = await this.#fetchOnce(first, bytes)
      } catch (error) {
        if (!isOutOfRange(error)) throw error
        const start = await this.start()
        if (start <= first) throw this.#isShorter(error)
        first = start
        continue
      }
      const start = BigInt(answer.lastStartOffset)
      const records = committed(answer, first, end)
      const last = answer.messages.at(-1)
      if (last !== undefined && BigInt(last.offset) >= first) {
        const next = BigInt(last.offset) + 1n
        return { records, next: next < end ? next : end, start }
      }
      if (BigInt(answer.lastStableOffset) >= end) {
        // Batches that compaction has emptied.
        if (bytes >= MOST_BYTES)
          throw new HistoryError(`Kafka: topic ${this.topic} has a stretch of nothing but compacted records at ${first}`, {
            code: 'UNSUPPORTED',
          })
        bytes = Math.min(bytes * 4, MOST_BYTES)
        continue
      }
      // A transaction of others is open before it; or a new leader does not know yet what is committed; or it is another log.
      if (BigInt(answer.highWatermark) < end) shownFor += pauseMs
      if (shownFor > LONGEST_ELECTION_MS) throw this.#isShorter()
      await pause(pauseMs, this.call)
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
  }

  async #fetchOnce(from: bigint, maxBytes: number): Promise<FetchedPartition> {
    const partitions = [{ partition: this.partition, fetchOffset: String(from), maxBytes }]
    const { responses } = await this.ask(broker =>
      broker.fetch({
        isolationLevel: READ_COMMITTED,
        // At once: a broker answers one request of a connection after the other.
        maxWaitTime: 0,
        minBytes: 0,
        maxBytes,
        topics: [{ topic: this.topic, partitions }],
      }),
    )
    const answer = responses[0]?.partitions[0]
    if (answer === undefined) throw new HistoryError('Kafka: the answer leaves the partition out', { code: 'UNAVAILABLE' })
    return answer
  }

  async #offsetAt(timestamp: string, isolationLevel = READ_COMMITTED): Promise<bigint> {
    const { responses } = await this.ask(broker =>
      broker.listOffsets({
        isolationLevel,
        topics: [{ topic: this.topic, partitions: [{ partition: this.partition, timestamp }] }],
      }),
    )
    const offset = responses[0]?.partitions[0]?.offset
    if (offset === undefined) throw new HistoryError('Kafka: the answer leaves the partition out', { code: 'UNAVAILABLE' })
    return BigInt(offset)
  }

  /** Asks the leader; what shows that it is another one by now makes the next look for it. */
  async ask<T>(send: (broker: KafkaBroker) => Promise<T>): Promise<T> {
    const { topics, topic, call } = this
    if (call.signal.aborted) throw call.signal.reason
    const leader = (await topics.leaders(topic))?.[this.partition]
    if (leader === undefined) throw new HistoryError(`Kafka: topic ${topic} is gone`, { code: 'UNAVAILABLE' })
    try {
      return await topics.brokers.ask(leader, topic, READ_LIMIT_MS, send)
    } catch (error) {
      if (isUnknownTopic(error)) topics.forget(topic)
      else if (isStale(error)) topics.forgetLeaders(topic)
      throw error
    }
  }

  /** The log ends before an offset that it had: another one of that name. */
  #isShorter(cause?: unknown): HistoryError {
    this.topics.forget(this.topic)
    return new HistoryError(`Kafka: topic ${this.topic} was made anew`, { code: 'UNAVAILABLE', cause })
  }
}

/** Those of all partitions; undefined if there is no such topic. */
export async function logsOf(topics: Topics, topic: string, call: Call): Promise<PartitionLog[] | undefined> {
  const leaders = await topics.leaders(topic)
  return leaders && Array.from(leaders, (_, partition) => new PartitionLog(topics, topic, partition, call))
}

/** What lies within [from, end): whole batches come, and records of transactions that were aborted. */
function committed({ messages, abortedTransactions }: FetchedPartition, from: bigint, end: bigint): Stretch['records'] {
  const upcoming = [...abortedTransactions].sort((one, other) => Number(BigInt(one.firstOffset) - BigInt(other.firstOffset)))
  const aborted = new Set<string>()
  const records: { record: FetchedRecord; isAborted: boolean }[] = []
  for (const record of messages) {
    const offset = BigInt(record.offset)
    const { producerId, inTransaction } = record.batchContext
    while (upcoming[0] !== undefined && BigInt(upcoming[0].firstOffset) <= offset) aborted.add(upcoming.shift()?.producerId ?? '')
    // Control record: version and type, each an int16; type 0 ends a transaction that was aborted.
    if (record.isControlRecord && record.key?.readInt16BE(2) === 0) aborted.delete(producerId)
    if (offset < from || offset >= end) continue
    records.push({ record, isAborted: inTransaction && aborted.has(producerId) })
  }
  return records
}
