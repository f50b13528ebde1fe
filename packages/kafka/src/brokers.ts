import type { Call } from '@hist/core'
import { Once } from '@hist/core/backend'
import { type BorrowedCluster, borrowCluster, checkBroker, type KafkaBroker, type KafkaClientLike } from './client.js'
import { isConnectionError, typeOf } from './errors.js'

/** Where the partitions of a topic are led, by partition. -1: there is no leader now. */
export type Leaders = readonly number[]

/** A request that a broker did not answer in time. Named like kafkajs's own. */
class RequestTimeout extends Error {
  override readonly name = 'KafkaJSRequestTimeoutError'
}

const CONNECT_LIMIT_MS = 5_000
/** Metadata comes from memory: a broker that does not answer by then hangs. */
const METADATA_LIMIT_MS = 3_000
const SLOW_MS = 1_000

/** The brokers of a cluster, over connections of its own: at most two to each. */
export class Brokers {
  readonly #client: KafkaClientLike
  readonly #connected = new Once(CONNECT_LIMIT_MS, () => this.#connect())
  #borrowed: BorrowedCluster | undefined
  /** Brokers that let a request wait: if they hang, others can tell who leads now. */
  readonly #slow = new Set<KafkaBroker>()
  /** When a broker last answered. */
  readonly #answered = new WeakMap<KafkaBroker, number>()
  readonly #connecting = new Map<number, Promise<KafkaBroker>>()
  #refreshing: Promise<void> | undefined
  /** How many operations of the pool run that need its seed broker. */
  #seedUsers = 0

  constructor(client: KafkaClientLike) {
    this.#client = client
  }

  /** @throws an error of kafkajs, or HistoryError */
  connect(call: Call): Promise<void> {
    return this.#connected.get(call)
  }

  /** Asks a broker that is connected, or else can be. */
  async askAny<T>(limitMs: number, send: (broker: KafkaBroker) => Promise<T>): Promise<T> {
    return this.#bounded(await this.#any(), limitMs, send)
  }

  /**
   * Asks one broker.
   * @param topic one that exists, for looking up the addresses of brokers if this one is not known
   */
  async ask<T>(nodeId: number, topic: string, limitMs: number, send: (broker: KafkaBroker) => Promise<T>): Promise<T> {
    const { pool } = this.#cluster()
    if (pool.brokers[nodeId] === undefined) await this.#refresh(topic)
    const known = pool.brokers[nodeId]
    return this.#bounded(known?.isConnected() ? known : await this.#connectTo(nodeId), limitMs, send)
  }

  /** Asks the controller, or a broker that passes the request on to it. */
  async askController<T>(limitMs: number, send: (broker: KafkaBroker) => Promise<T>): Promise<T> {
    const { pool } = this.#cluster()
    const controller = pool.brokers[pool.metadata?.controllerId ?? -1]
    return this.#bounded(controller?.isConnected() ? controller : await this.#any(), limitMs, send)
  }

  /** The leaders of a topic as a broker knows them now; undefined if it knows no such topic. */
  async leaders(topic: string): Promise<Leaders | undefined> {
    try {
      const { topicMetadata } = await this.askAny(METADATA_LIMIT_MS, broker => broker.metadata([topic]))
      const partitions = topicMetadata.find(({ topic: name }) => name === topic)?.partitionMetadata ?? []
      const leaders: number[] = []
      for (const { partitionId, leader } of partitions) leaders[partitionId] = leader
      return leaders
    } catch (error) {
      if (typeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
      throw error
    }
  }

  /** The names of all topics. */
  async topics(): Promise<string[]> {
    const { topicMetadata } = await this.askAny(METADATA_LIMIT_MS, broker => broker.metadata([]))
    return topicMetadata.map(({ topic }) => topic)
  }

  async close(): Promise<void> {
    await this.#borrowed?.release()
  }

  async #connect(): Promise<void> {
    this.#borrowed ??= borrowCluster(this.#client)
    const { pool } = this.#borrowed
    await this.#withSeed(() => pool.connect())
    if (pool.seedBroker !== undefined) checkBroker(pool.seedBroker)
  }

  #cluster(): BorrowedCluster {
    if (this.#borrowed === undefined) throw new Error('connect() comes first')
    return this.#borrowed
  }

  async #any(): Promise<KafkaBroker> {
    const { pool } = this.#cluster()
    const known = shuffled(Object.values(pool.brokers))
    const prompt = known.filter(broker => !this.#slow.has(broker))
    const connected = prompt.find(broker => broker.isConnected())
    if (connected !== undefined) return connected
    for (const broker of prompt) {
      try {
        await bounded(broker.connect(), METADATA_LIMIT_MS, () => this.#drop(broker))
        return broker
      } catch (error) {
        if (!isConnectionError(error)) throw error
      }
    }
    const slow = known.find(broker => broker.isConnected())
    if (slow !== undefined) return slow
    // It tries one bootstrap server after the other.
    await bounded(
      this.#withSeed(() => pool.connect()),
      CONNECT_LIMIT_MS,
      () => this.#drop(pool.seedBroker),
    )
    if (pool.seedBroker === undefined) throw new RequestTimeout('no bootstrap server could be reached')
    return pool.seedBroker
  }

  /** Once for all who ask: each would wait for it with listeners of its own. */
  #connectTo(nodeId: number): Promise<KafkaBroker> {
    const { pool } = this.#cluster()
    const known = pool.brokers[nodeId]
    const connecting =
      this.#connecting.get(nodeId) ??
      bounded(pool.findBroker({ nodeId }), CONNECT_LIMIT_MS, () => this.#drop(known)).finally(() =>
        this.#connecting.delete(nodeId),
      )
    this.#connecting.set(nodeId, connecting)
    return connecting
  }

  /** One at a time: two at once would each make connections to the same brokers, and those of one would be forgotten open. */
  async #refresh(topic: string): Promise<void> {
    const { pool } = this.#cluster()
    this.#refreshing ??= bounded(
      this.#withSeed(() => pool.refreshMetadata([topic])),
      METADATA_LIMIT_MS,
      () => undefined,
    ).finally(() => {
      this.#refreshing = undefined
    })
    await this.#refreshing
  }

  async #bounded<T>(broker: KafkaBroker, limitMs: number, send: (broker: KafkaBroker) => Promise<T>): Promise<T> {
    const began = performance.now()
    const timer = setTimeout(() => this.#slow.add(broker), SLOW_MS)
    // One that has answered others meanwhile is overloaded: new connections would be one more load.
    const onTimeout = () => {
      if ((this.#answered.get(broker) ?? 0) < began) this.#drop(broker)
    }
    try {
      const answer = await bounded(send(broker), limitMs, onTimeout)
      this.#answered.set(broker, performance.now())
      return answer
    } catch (error) {
      // Its place in the pool would be used again, and its connections are gone.
      if (isConnectionError(error)) this.#drop(broker)
      throw error
    } finally {
      clearTimeout(timer)
      this.#slow.delete(broker)
    }
  }

  /** The pool uses its seed broker again after it has waited for it. */
  async #withSeed(use: () => Promise<void>): Promise<void> {
    this.#seedUsers += 1
    try {
      await use()
    } finally {
      this.#seedUsers -= 1
    }
  }

  /** Takes a broker that hangs or is gone out of the pool. The next look at the metadata puts it in again, with new connections. */
  #drop(broker: KafkaBroker | undefined): void {
    if (broker === undefined) return
    const { pool } = this.#cluster()
    const { seedBroker } = pool
    // By its address another one of the same would go, and nobody would close its connections.
    if (Object.values(pool.brokers).includes(broker)) pool.removeBroker(broker.connectionPool)
    // The pool needs one as soon as it knows any broker, and while it connects.
    if (pool.seedBroker === broker || pool.seedBroker === undefined)
      pool.seedBroker = Object.values(pool.brokers)[0] ?? (this.#seedUsers > 0 ? seedBroker : undefined)
    // It waits for the requests that hang.
    broker.disconnect().catch(() => undefined)
  }
}

/** @throws RequestTimeout after so long; the promise goes on */
function bounded<T>(promise: Promise<T>, limitMs: number, onTimeout: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      onTimeout()
      reject(new RequestTimeout(`no answer within ${limitMs} ms`))
    }, limitMs)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function shuffled<T>(items: readonly T[]): T[] {
  const order = [...items]
  for (let index = order.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1))
    const [one, two] = [order[index], order[other]]
    if (one !== undefined && two !== undefined) [order[index], order[other]] = [two, one]
  }
  return order
}
