import { setTimeout as wait } from 'node:timers/promises'
import { type Call, type EncodedBatch, HistoryError, isHistoryError } from '@hist/core'
import { millisecondsOf } from '@hist/core/backend'
import { historyErrorOf, isOutOfSequence, isStale, isUnknownTopic, typeOf } from './errors.js'
import { LeaderQueue, NotSent, type RecordBatch, SharedFailure } from './leader-queue.js'
import { PartitionLog } from './partition-log.js'
import { ProducerIds, type Sequence } from './producer.js'
import { keyOf, recordsOf } from './record.js'
import { findIds } from './repeats.js'
import { PARTITION, type Topics } from './schema.js'

const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 500
/** Where the broker sets the time of records, it may be so much earlier than the append's. */
const CLOCK_MARGIN_MS = 60_000
/** Topics whose sequence is remembered. */
const MOST_REMEMBERED = 50_000
/** What a record has beside its value and its headers. */
const RECORD_BYTES = 40

interface TopicState {
  /** Settles with the append that runs, if one does: one batch of a topic is on its way at a time. */
  last: Promise<unknown>
  waiting: number
  sequence: Sequence | undefined
  /** A batch of which nobody knows whether it is stored, or still will be. */
  unresolved: { readonly key: string; readonly batch: RecordBatch } | undefined
}

/** One append, as its caller sees it. */
interface Attempt {
  /** Something of it may have been written. */
  isUnclear: boolean
  lastError: unknown
}

/**
 * Appends to topics, each message once: a batch keeps its numbers in the producer's sequence over all attempts, by which the broker
 * knows it again, and no other batch of the topic is on its way until it is acknowledged.
 */
export class Writer {
  readonly #topics: Topics
  readonly #producers: ProducerIds
  readonly #states = new Map<string, TopicState>()
  readonly #queues = new Map<number, LeaderQueue>()

  constructor(topics: Topics) {
    this.#topics = topics
    this.#producers = new ProducerIds(topics.brokers)
  }

  /** @param session for the records, if the topic's name does not tell it */
  async append(topic: string, session: string | undefined, batch: EncodedBatch, call: Call): Promise<void> {
    const state = this.#stateOf(topic)
    const attempt: Attempt = { isUnclear: false, lastError: undefined }
    state.waiting += 1
    const running = state.last
      .then(() => this.#append(topic, session, batch, state, attempt, call))
      .finally(() => {
        state.waiting -= 1
        if (!attempt.isUnclear) release(state, keyOfBatch(batch))
      })
    state.last = running.catch(() => undefined)
    try {
      await endedBy(call.signal, running)
    } catch (error) {
      throw call.signal.aborted ? givenUp(call.signal.reason, attempt, topic) : historyErrorOf(error, topic)
    }
  }

  /** Waits for what is on its way, which its callers' deadlines end. */
  async close(): Promise<void> {
    await Promise.all([...this.#states.values()].map(({ last }) => last))
  }

  async #append(
    topic: string,
    session: string | undefined,
    batch: EncodedBatch,
    state: TopicState,
    attempt: Attempt,
    call: Call,
  ): Promise<void> {
    if (call.signal.aborted) return
    const key = keyOfBatch(batch)
    const { ttlMs, expires } = this.#topics.settings
    const messages = recordsOf(batch, { ttlMs: expires ? ttlMs : undefined, session })
    const resumed = state.unresolved?.key === key ? state.unresolved.batch : undefined
    let mustProbe = batch.repeat && resumed === undefined
    let current = resumed
    if (state.unresolved !== undefined && resumed === undefined) {
      // Once a batch of the next epoch is accepted, the one before is in the log already, or never will be.
      state.sequence?.bumpEpoch()
      state.unresolved = undefined
    }
    let isAlone = resumed !== undefined
    attempt.isUnclear = resumed !== undefined || batch.repeat
    let mayBeStored = attempt.isUnclear
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const wasUnclear = attempt.isUnclear
      let isSent = false
      const onSent = () => {
        isSent = true
        attempt.isUnclear = true
      }
      try {
        if (mustProbe && (await this.#isStored(topic, batch, call))) {
          state.unresolved = undefined
          return
        }
        mustProbe = false
        const leader = await this.#leaderOf(topic, call)
        if (current === undefined) current = await this.#numbered(state, topic, messages)
        state.unresolved = { key, batch: current }
        const offset = await this.#queueOf(leader).send(current, { isAlone, signal: call.signal, onSent })
        this.#topics.acknowledge(topic, offset + BigInt(messages.length))
        state.unresolved = undefined
        return
      } catch (thrown) {
        const error = thrown instanceof NotSent ? thrown.cause : thrown
        const known = historyErrorOf(error, topic)
        const isShared = error instanceof SharedFailure
        if (thrown instanceof NotSent || (!isShared && known.outcome === 'failed')) {
          isSent = false
          attempt.isUnclear = wasUnclear
        }
        attempt.lastError = error
        isAlone = true
        if (isOutOfSequence(error)) {
          // Our numbers and the broker's differ: whether the batch is stored, only the log tells.
          state.sequence?.bumpEpoch()
          current = undefined
          mustProbe = true
        } else if (isUnknownTopic(error)) {
          this.#topics.forget(topic)
        } else if (isStale(error) || isShared) {
          this.#topics.forgetLeaders(topic)
        } else {
          throw this.#refused(known, state, attempt, mayBeStored)
        }
        // What a broker refuses now, it also refused in a request that it answered for others.
        if (isSent && !(isShared && typeOf(error.cause) !== undefined)) mayBeStored = true
        if (call.signal.aborted) throw error
        await wait(pauseMs, undefined, { signal: call.signal })
      }
    }
  }

  /** Refused for good: nothing of this attempt was written. */
  #refused(error: HistoryError, state: TopicState, { isUnclear }: Attempt, mayBeStored: boolean): HistoryError {
    if (error.outcome === 'unknown') return error
    if (mayBeStored) return new HistoryError(error.message, { ...error, cause: error.cause, outcome: 'unknown' })
    if (isUnclear) {
      state.sequence?.bumpEpoch()
      state.unresolved = undefined
    }
    return error
  }

  async #leaderOf(topic: string, call: Call): Promise<number> {
    let leaders = await this.#topics.leaders(topic)
    if (leaders === undefined) {
      await this.#topics.create(topic, call)
      leaders = await this.#topics.leaders(topic)
    }
    const leader = leaders?.[PARTITION]
    if (leader === undefined)
      throw new HistoryError(`Kafka: topic ${topic} has no partition ${PARTITION}`, { code: 'UNAVAILABLE' })
    return leader
  }

  async #numbered(state: TopicState, topic: string, messages: RecordBatch['messages']): Promise<RecordBatch> {
    if (state.sequence?.isExhausted) {
      this.#producers.renew()
      state.sequence = undefined
    }
    state.sequence ??= await this.#producers.sequence()
    const bytes = messages.reduce(
      (sum, { value, headers }) => sum + Buffer.byteLength(value ?? '') + headerBytes(headers) + RECORD_BYTES,
      0,
    )
    return { topic, producerId: state.sequence.producerId, ...state.sequence.take(messages.length), messages, bytes }
  }

  /** An append is one batch, so one message of it stands for all. */
  async #isStored(topic: string, batch: EncodedBatch, call: Call): Promise<boolean> {
    if ((await this.#topics.leaders(topic)) === undefined) return false
    const log = new PartitionLog(this.#topics, topic, PARTITION, call)
    const found = await findIds(log, new Set([keyOfBatch(batch)]), millisecondsOf(batch.id) - CLOCK_MARGIN_MS, await log.end())
    return found.size > 0
  }

  #queueOf(leader: number): LeaderQueue {
    const queue =
      this.#queues.get(leader) ?? new LeaderQueue(this.#topics.brokers, leader, this.#topics.settings.requestTimeoutMs)
    this.#queues.set(leader, queue)
    return queue
  }

  #stateOf(topic: string): TopicState {
    const known = this.#states.get(topic)
    if (known !== undefined) return known
    if (this.#states.size >= MOST_REMEMBERED) {
      for (const [name, { waiting, unresolved }] of this.#states)
        if (waiting === 0 && unresolved === undefined) this.#states.delete(name)
      // Brokers remember how far the old one was in each topic.
      this.#producers.renew()
    }
    const state: TopicState = { last: Promise.resolve(), waiting: 0, sequence: undefined, unresolved: undefined }
    this.#states.set(topic, state)
    return state
  }
}

function keyOfBatch({ id, firstIndex }: EncodedBatch): string {
  return keyOf({ append: id, index: firstIndex })
}

/** Of a batch that no broker took: its numbers are free again. */
function release(state: TopicState, key: string): void {
  if (state.unresolved?.key !== key) return
  state.sequence?.giveBack(state.unresolved.batch.messages.length)
  state.unresolved = undefined
}

/** Settles as `running` does, or rejects when the signal is aborted; what runs goes on. */
function endedBy<T>(signal: AbortSignal, running: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    running.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** What failed before says more than that the deadline has passed since. */
function givenUp(reason: unknown, { isUnclear, lastError }: Attempt, topic: string): unknown {
  if (!isHistoryError(reason)) return reason
  const known = reason.code === 'TIMEOUT' && lastError !== undefined ? historyErrorOf(lastError, topic) : reason
  const { code, message, retryable } = known
  const cause = known.cause ?? lastError
  if (!isUnclear) return new HistoryError(message, { code, retryable, outcome: 'failed', cause })
  const advice = 'it may still be stored, also minutes later when the brokers recover; append again with the same id'
  return new HistoryError(`${message}; ${advice}`, { code, retryable, outcome: 'unknown', cause })
}

function headerBytes(headers: RecordBatch['messages'][number]['headers'] = {}): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(String(value)) + 4, 0)
}
