import type { Message } from 'kafkajs'
import type { Brokers } from './brokers.js'
import { PARTITION } from './schema.js'

/** Messages for one topic, with the place in its producer's sequence by which the broker knows repeats. They keep it over all attempts. */
export interface RecordBatch {
  readonly topic: string
  readonly producerId: string
  readonly epoch: number
  readonly sequence: number
  readonly messages: readonly Message[]
  readonly bytes: number
}

/** Others were in the same request; whom the error is about cannot be told. */
export class SharedFailure extends Error {
  override readonly name = 'SharedFailure'
}

/** No broker was given the batch. */
export class NotSent extends Error {
  override readonly name = 'NotSent'
}

export interface SendOptions {
  /** In a request of its own. */
  readonly isAlone: boolean
  /** Takes the batch out of the queue, unless a broker was given it. */
  readonly signal: AbortSignal
  /** Called when a broker is given the batch. */
  readonly onSent: () => void
}

interface Entry extends SendOptions {
  readonly batch: RecordBatch
  readonly resolve: (baseOffset: bigint) => void
  readonly reject: (error: unknown) => void
}

const ALL_REPLICAS = -1
const MOST_BATCHES = 200
const MOST_BYTES = 4 * 1_024 * 1_024
const MOST_IN_FLIGHT = 2
/** The broker tells first that its replicas did not answer. */
const ANSWER_MARGIN_MS = 3_000

/** What is to be written to the topics that one broker leads: what waits while a request runs goes into the next one together. */
export class LeaderQueue {
  readonly #brokers: Brokers
  readonly #nodeId: number
  readonly #limitMs: number
  readonly #waiting: Entry[] = []
  #inFlight = 0

  constructor(brokers: Brokers, nodeId: number, limitMs: number) {
    this.#brokers = brokers
    this.#nodeId = nodeId
    this.#limitMs = limitMs
  }

  /** @returns the offset of the first message. @throws NotSent, SharedFailure, or an error about this batch */
  async send(batch: RecordBatch, options: SendOptions): Promise<bigint> {
    const { signal } = options
    let onAbort = () => {}
    try {
      return await new Promise<bigint>((resolve, reject) => {
        const entry = { batch, ...options, resolve, reject }
        onAbort = () => {
          const index = this.#waiting.indexOf(entry)
          if (index < 0) return
          this.#waiting.splice(index, 1)
          reject(endedBefore(entry))
        }
        signal.addEventListener('abort', onAbort)
        this.#waiting.push(entry)
        this.#pump()
      })
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#inFlight < MOST_IN_FLIGHT) {
      this.#inFlight += 1
      this.#produce(this.#take()).finally(() => {
        this.#inFlight -= 1
        this.#pump()
      })
    }
  }

  /** As many as one request takes: it has one producer and one epoch. */
  #take(): Entry[] {
    const [first, ...others] = this.#waiting
    if (first === undefined) return []
    const taken = [first]
    let bytes = first.batch.bytes
    for (const entry of first.isAlone ? [] : others) {
      const { producerId, epoch } = entry.batch
      if (taken.length >= MOST_BATCHES || entry.isAlone || bytes + entry.batch.bytes > MOST_BYTES) break
      if (producerId !== first.batch.producerId || epoch !== first.batch.epoch) continue
      taken.push(entry)
      bytes += entry.batch.bytes
    }
    const isTaken = new Set(taken)
    this.#waiting.splice(0, this.#waiting.length, ...this.#waiting.filter(entry => !isTaken.has(entry)))
    return taken
  }

  async #produce(entries: readonly Entry[]): Promise<void> {
    const [first] = entries
    if (first === undefined) return
    const { topic, producerId, epoch } = first.batch
    const timeout = Math.max(1_000, this.#limitMs - ANSWER_MARGIN_MS)
    let sent: readonly Entry[] = []
    try {
      const { topics } = await this.#brokers.ask(this.#nodeId, topic, this.#limitMs, broker => {
        // Meanwhile there may be callers who were told that nothing was written.
        const wanted = entries.filter(({ signal }) => !signal.aborted)
        if (wanted.length === 0) throw endedBefore(first)
        sent = wanted
        for (const { onSent } of sent) onSent()
        const topicData = sent.map(({ batch: { topic, sequence, messages } }) => ({
          topic,
          partitions: [{ partition: PARTITION, firstSequence: sequence, messages }],
        }))
        return broker.produce({ topicData, producerId, producerEpoch: epoch, acks: ALL_REPLICAS, timeout })
      })
      const answers = new Map(topics.map(({ topicName, partitions }) => [topicName, partitions]))
      for (const { batch, resolve, reject } of sent) {
        const answer = answers.get(batch.topic)?.find(({ partition }) => partition === PARTITION)
        // An answer that leaves a topic out says nothing about it.
        if (answer?.errorCode === 0) resolve(BigInt(answer.baseOffset))
        else reject(new SharedFailure('the answer leaves the topic out'))
      }
      for (const entry of entries) if (!sent.includes(entry)) entry.reject(endedBefore(entry))
    } catch (error) {
      const failure = sent.length === 1 ? error : new SharedFailure('a request for several topics failed', { cause: error })
      for (const entry of entries) {
        if (sent.includes(entry)) entry.reject(failure)
        else if (entry.signal.aborted) entry.reject(endedBefore(entry))
        else entry.reject(new NotSent('the leader could not be reached', { cause: error }))
      }
    }
  }
}

function endedBefore({ signal }: Entry): NotSent {
  return new NotSent('ended before it was sent', { cause: signal.reason })
}
