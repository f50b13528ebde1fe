import { setTimeout as wait } from 'node:timers/promises'
import { type Call, HistoryError } from '@hist/core'
import { pause } from '@hist/core/backend'
import type { TopicPartitions } from './client.js'
import type { Topics } from './schema.js'

/** Whoever begins to wait while a request runs is in the next one. */
const POLL_MS = 500
const ANSWER_MARGIN_MS = 4_000
/** After an error, and while there is no topic. */
const LOOK_AGAIN_MS = 100
const READ_COMMITTED = 1

interface Waiter {
  readonly topic: string
  /** Of the partitions of one leader. */
  readonly from: ReadonlyMap<number, bigint>
  readonly wake: () => void
}

/**
 * Waits for new records, over connections of its own: a broker answers one request of a connection after the other. One request per broker is
 * on its way, for all who wait.
 */
export class Follower {
  readonly #topics: Topics
  readonly #waiting = new Map<number, Set<Waiter>>()
  readonly #running = new Set<Promise<unknown>>()
  #isClosed = false

  constructor(topics: Topics) {
    this.#topics = topics
  }

  /**
   * Resolves when there may be records behind these offsets, or something else may have changed; after `limitMs` in any case.
   * @param from by partition. Of a topic that was not there, none
   */
  wait(topic: string, from: readonly bigint[], limitMs: number, call: Call): Promise<void> {
    return this.#tracked(this.#wait(topic, from, limitMs, call))
  }

  /** Ends what waits. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const waiters of this.#waiting.values()) for (const { wake } of waiters) wake()
    // Whoever was about to connect would do so afterwards.
    await Promise.allSettled(this.#running)
    await this.#topics.brokers.close()
  }

  async #wait(topic: string, from: readonly bigint[], limitMs: number, call: Call): Promise<void> {
    this.#checkOpen()
    await this.#topics.brokers.connect(call)
    const leaders = await this.#topics.leaders(topic)
    this.#checkOpen()
    if (leaders === undefined) return pause(Math.min(limitMs, LOOK_AGAIN_MS), call)
    // It was made, or has more partitions.
    if (leaders.length !== from.length) return
    await new Promise<void>(resolve => {
      const added = new Map<number, Waiter>()
      const wake = () => {
        clearTimeout(timer)
        call.signal.removeEventListener('abort', wake)
        for (const [leader, waiter] of added) this.#waiting.get(leader)?.delete(waiter)
        resolve()
      }
      const timer = setTimeout(wake, limitMs)
      call.signal.addEventListener('abort', wake)
      for (const leader of new Set(leaders)) {
        const own = new Map(from.flatMap((offset, partition) => (leaders[partition] === leader ? [[partition, offset]] : [])))
        const waiter = { topic, from: own, wake }
        added.set(leader, waiter)
        this.#add(leader, waiter)
      }
    })
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new HistoryError('the store is closed', { code: 'CLOSED' })
  }

  #tracked<T>(running: Promise<T>): Promise<T> {
    this.#running.add(running)
    return running.finally(() => this.#running.delete(running))
  }

  #add(leader: number, waiter: Waiter): void {
    const waiting = this.#waiting.get(leader)
    if (waiting !== undefined) {
      waiting.add(waiter)
      return
    }
    const waiters = new Set([waiter])
    this.#waiting.set(leader, waiters)
    void this.#tracked(this.#poll(leader, waiters))
  }

  async #poll(leader: number, waiters: Set<Waiter>): Promise<void> {
    for (let [first] = waiters; first !== undefined; [first] = waiters) {
      const asked = [...waiters]
      try {
        const ends = await this.#ends(leader, first.topic, asked)
        for (const { topic, from, wake } of asked)
          if ([...from].some(([partition, offset]) => (ends.get(`${topic}:${partition}`) ?? 0n) > offset)) wake()
      } catch {
        // Whom it is about is not known. Each looks for itself, and then hears of what concerns it.
        await wait(LOOK_AGAIN_MS)
        for (const { topic, wake } of asked) {
          this.#topics.forgetLeaders(topic)
          wake()
        }
      }
    }
    this.#waiting.delete(leader)
  }

  async #ends(leader: number, anyTopic: string, waiters: readonly Waiter[]): Promise<Map<string, bigint>> {
    const { responses } = await this.#topics.brokers.ask(leader, anyTopic, POLL_MS + ANSWER_MARGIN_MS, broker =>
      broker.fetch({
        isolationLevel: READ_COMMITTED,
        maxWaitTime: POLL_MS,
        minBytes: 1,
        // Only whether there is something is asked for.
        maxBytes: 1,
        topics: requested(waiters),
      }),
    )
    const ends = responses.flatMap(({ topicName, partitions }) =>
      partitions.map(({ partition, lastStableOffset }) => [`${topicName}:${partition}`, BigInt(lastStableOffset)] as const),
    )
    return new Map(ends)
  }
}

/** Each partition once, from the lowest offset that is asked for. */
function requested(waiters: readonly Waiter[]): TopicPartitions<{ partition: number; fetchOffset: string; maxBytes: number }>[] {
  const topics = new Map<string, Map<number, bigint>>()
  for (const { topic, from } of waiters) {
    const lowest = topics.get(topic) ?? new Map<number, bigint>()
    topics.set(topic, lowest)
    for (const [partition, offset] of from) {
      const other = lowest.get(partition)
      if (other === undefined || offset < other) lowest.set(partition, offset)
    }
  }
  return Array.from(topics, ([topic, lowest]) => ({
    topic,
    partitions: Array.from(lowest, ([partition, offset]) => ({ partition, fetchOffset: String(offset), maxBytes: 1 })),
  }))
}
