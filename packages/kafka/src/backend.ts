import type {
  BackendSupports,
  Call,
  EncodedBatch,
  HistoryBackend,
  RawSlice,
  ReadRange,
  SessionLister,
  SessionSlice,
} from '@hist/core'
import { HistoryError, isArgumentError } from '@hist/core'
import { Brokers } from './brokers.js'
import { deleteTopic, truncate } from './clear.js'
import { createClient } from './client.js'
import type { ConsumedTopic } from './consumer-reads.js'
import { historyErrorOf } from './errors.js'
import { Follower } from './follower.js'
import { GroupOffsets } from './group-offsets.js'
import { addressesIn, checkKafkaOptions, type KafkaOptions, type TopicSettings, topicSettings } from './options.js'
import { read } from './read.js'
import { Topics } from './schema.js'
import { sessions } from './sessions.js'
import { topicNameOf } from './topic-name.js'
import { Writer } from './writer.js'

const READ_MS = 15_000
/** A broker that died is noticed after nine seconds only, by the brokers' defaults. */
const APPEND_MS = 60_000
const CLOSE_MS = 3_000

/** Histories in Kafka topics, one for each session. What `createKafkaHistory` makes its store of. */
export class KafkaBackend implements HistoryBackend, SessionLister {
  readonly name = 'kafka'
  readonly layout = 'topic'
  readonly timeouts = { readMs: READ_MS, appendMs: APPEND_MS }
  readonly supports: BackendSupports
  readonly #settings: TopicSettings
  readonly #reading: Topics
  readonly #writing: Topics
  readonly #writer: Writer
  readonly #offsets: GroupOffsets
  readonly #follower: Follower
  readonly #consuming = new Set<Promise<unknown>>()
  readonly #endConnections: (() => void) | undefined
  #isClosed = false

  /**
   * No I/O; the first call connects.
   * @throws TypeError naming an unknown or wrong option
   */
  constructor(options: KafkaOptions) {
    checkKafkaOptions(options)
    this.#settings = topicSettings(options)
    this.supports = supportsOf(this.#settings)
    const { client, endConnections } =
      options.client === undefined
        ? createClient(addressesIn(options.bootstrapServers ?? []), options.clientOptions ?? {})
        : { client: options.client, endConnections: undefined }
    this.#endConnections = endConnections
    const memory = { leaders: new Map(), ends: new Map() }
    this.#reading = new Topics(new Brokers(client), this.#settings, memory)
    // Apart: an append that waits for its replicas holds up every request behind it on its connection.
    this.#writing = new Topics(new Brokers(client), this.#settings, memory)
    this.#writer = new Writer(this.#writing)
    this.#offsets = new GroupOffsets(this.#reading.brokers)
    this.#follower = new Follower(new Topics(new Brokers(client), this.#settings, memory))
  }

  append(session: string, batch: EncodedBatch, call: Call): Promise<void> {
    return this.#on(this.#writing, session, call, (topic, isHashed) => {
      return this.#writer.append(topic, isHashed ? session : undefined, batch, call)
    })
  }

  read(session: string, range: ReadRange, call: Call): Promise<RawSlice> {
    return this.#on(this.#reading, session, call, topic => read(this.#reading, topic, range, call))
  }

  clear(session: string, call: Call): Promise<void> {
    const clear = this.#settings.clearMode === 'truncate' ? truncate : deleteTopic
    return this.#on(this.#writing, session, call, topic => clear(this.#writing, topic, call))
  }

  /** Asks for the names of all topics of the cluster, and reads the end of those that begin with `topicPrefix`. */
  sessions(range: { readonly prefix?: string; readonly after?: string }, call: Call): Promise<SessionSlice> {
    return this.#on(this.#reading, '', call, () => sessions(this.#reading, range, call))
  }

  /** One attempt of a read as a consumer of the session's topic. @internal */
  async consume<T>(session: string, call: Call, run: (consumed: ConsumedTopic) => Promise<T>): Promise<T> {
    const topics = this.#reading
    const running = this.#on(topics, session, call, topic =>
      run({ topic, topics, offsets: this.#offsets, follower: this.#follower }),
    )
    this.#consuming.add(running)
    return running.finally(() => this.#consuming.delete(running))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    // A broker that hangs would hold up what ends in order.
    const timer = this.#endConnections && setTimeout(this.#endConnections, CLOSE_MS)
    try {
      await Promise.all([this.#follower.close(), Promise.allSettled(this.#consuming), this.#writer.close()])
      await Promise.all([this.#reading.brokers.close(), this.#writing.brokers.close()])
    } finally {
      clearTimeout(timer)
      this.#endConnections?.()
    }
  }

  async #on<T>(topics: Topics, session: string, call: Call, run: (topic: string, isHashed: boolean) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new HistoryError('the store is closed', { code: 'CLOSED' })
    const { name, hashed } = topicNameOf(this.#settings.topicPrefix, session)
    try {
      await topics.brokers.connect(call)
    } catch (error) {
      const { message, cause, ...details } = historyErrorOf(error, name)
      throw new HistoryError(message, { ...details, cause, outcome: 'failed' })
    }
    try {
      return await run(name, hashed)
    } catch (error) {
      throw isArgumentError(error) ? error : historyErrorOf(error, name)
    }
  }
}

const MOST_MESSAGES = 1_000
/** A record's frame and its headers `hist-id` and `hist-ttl`. */
const RECORD_BYTES = 128
/** A batch's own frame, and the header with the session id. */
const BATCH_BYTES = 4_096

/** A batch may have as many bytes as `max.message.bytes` says. */
function supportsOf({ maxMessageBytes, topicPrefix }: TopicSettings): BackendSupports {
  const messages = Math.min(MOST_MESSAGES, Math.floor(maxMessageBytes / 1_024))
  return {
    durable: true,
    atomicAppend: { messages, bytes: maxMessageBytes - BATCH_BYTES - messages * RECORD_BYTES },
    idempotency: 'always',
    ttl: 'message',
    clear: 'atomic',
    sessions: topicPrefix !== '',
    maxMessageBytes: maxMessageBytes - BATCH_BYTES - RECORD_BYTES,
    maxSessionBytes: Number.POSITIVE_INFINITY,
    maxDepth: 500,
  }
}
