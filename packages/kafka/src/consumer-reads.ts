import type { BackendSupports, Call, HistoryBackend, HistoryStoreOptions, RawSlice, ReadRange, StoredMessage } from '@hist/core'
import { HistoryError, HistoryStore } from '@hist/core'
import { checkOptions, integer, type OptionChecks } from '@hist/core/backend'
import type { KafkaBackend } from './backend.js'
import type { ConsumerReadOptions, ConsumerStart } from './consumer-reads-of.js'
import type { Follower } from './follower.js'
import type { CommittedOffset, GroupOffsets } from './group-offsets.js'
import { logsOf, type PartitionLog } from './partition-log.js'
import { formatPosition, parsePosition } from './position.js'
import { read } from './read.js'
import type { Topics } from './schema.js'

/** What a consumer of a session's topic needs. */
export interface ConsumedTopic {
  readonly topic: string
  readonly topics: Topics
  readonly offsets: GroupOffsets
  readonly follower: Follower
}

const LONGEST_MS = 2_147_483_647

const checks: OptionChecks = {
  maxMessageCount: integer(1),
  maxTimeSec: {
    be: 'a number of seconds above 0, up to 2,000,000',
    holds: value => typeof value === 'number' && value > 0 && value <= 2_000_000,
  },
}
const HINTS = {
  max_message_count: 'the name here is maxMessageCount',
  max_time_sec: 'the name here is maxTimeSec',
}

/** Python's ways to read, of a store. Core's calls carry them: deadlines, retries, decoding and errors are those of any other read. */
export class ConsumerReads {
  readonly #backend: KafkaBackend
  readonly #options: HistoryStoreOptions

  constructor(backend: KafkaBackend, options: HistoryStoreOptions) {
    this.#backend = backend
    this.#options = options
  }

  async messages(
    method: string,
    session: string,
    start: ConsumerStart,
    options: ConsumerReadOptions = {},
  ): Promise<StoredMessage[]> {
    checkOptions(method, options, checks, HINTS)
    const { maxMessageCount = 5, maxTimeSec = 5 } = options
    const forMs = Math.ceil(maxTimeSec * 1_000)
    const answerMs = this.#options.timeoutMs ?? this.#backend.timeouts.readMs
    const timeoutMs = start === 'latest' ? Math.min(LONGEST_MS, forMs + answerMs) : forMs
    const reader = new ConsumerRead(this.#backend, start, maxMessageCount, performance.now() + forMs)
    return new HistoryStore(reader, this.#options).session(session).messages({ timeoutMs })
  }
}

/**
 * One call. Its first slice is what it returns; going on from there commits that, and there is nothing more. What cannot be decoded is not
 * committed, as core does not go on then.
 */
class ConsumerRead implements HistoryBackend {
  readonly name: string
  readonly layout: string
  readonly supports: BackendSupports
  readonly #backend: KafkaBackend
  readonly #start: ConsumerStart
  readonly #count: number
  readonly #untilMs: number
  /** By partition: where it began. */
  #from: readonly bigint[] | undefined

  /** @param untilMs when `'latest'` stops waiting */
  constructor(backend: KafkaBackend, start: ConsumerStart, count: number, untilMs: number) {
    this.name = backend.name
    this.layout = backend.layout
    this.supports = backend.supports
    this.#backend = backend
    this.#start = start
    this.#count = count
    this.#untilMs = untilMs
  }

  read(session: string, { from }: ReadRange, call: Call): Promise<RawSlice> {
    return this.#backend.consume(session, call, async consumed => {
      if (from !== undefined) return this.#commit(consumed, from)
      const entries = this.#start === 'latest' ? await this.#awaitNew(consumed, call) : await this.#readOn(consumed, call)
      return { entries, next: entries.at(-1)?.position }
    })
  }

  async append(): Promise<never> {
    throw onlyReads()
  }

  async clear(): Promise<never> {
    throw onlyReads()
  }

  /** The backend belongs to the store. */
  async close(): Promise<void> {}

  async #readOn(consumed: ConsumedTopic, call: Call): Promise<RawSlice['entries']> {
    const logs = await logsOf(consumed.topics, consumed.topic, call)
    if (logs === undefined) return []
    const committed = this.#start === 'beginning' ? [] : await consumed.offsets.fetch(consumed.topic, logs.length)
    this.#from = await Promise.all(logs.map((log, partition) => firstOffset(log, committed[partition])))
    return this.#messagesFrom(this.#from, consumed, call)
  }

  async #awaitNew(consumed: ConsumedTopic, call: Call): Promise<RawSlice['entries']> {
    // Kept over attempts: the first one began here. A topic that comes later is new from its first message on.
    this.#from ??= (await endsOf(consumed, call)) ?? []
    for (let leftMs = this.#leftMs(); leftMs > 0; leftMs = this.#leftMs()) {
      await consumed.follower.wait(consumed.topic, this.#from, leftMs, call)
      const ends = await endsOf(consumed, call)
      // A log that ends before is another one.
      this.#from = (ends ?? []).map((end, partition) => {
        const known = this.#from?.[partition] ?? 0n
        return known > end ? 0n : known
      })
      if (ends === undefined) continue
      const entries = await this.#messagesFrom(this.#from, consumed, call)
      if (entries.length > 0) return entries
      this.#from = ends
    }
    return []
  }

  #leftMs(): number {
    return this.#untilMs - performance.now()
  }

  async #messagesFrom(from: readonly bigint[], { topics, topic }: ConsumedTopic, call: Call): Promise<RawSlice['entries']> {
    const entries: RawSlice['entries'][number][] = []
    let next: string | undefined = formatPosition(from)
    while (next !== undefined && entries.length < this.#count) {
      const range: ReadRange = { order: 'oldest-first', from: next, limit: this.#count - entries.length }
      const slice = await read(topics, topic, range, call)
      entries.push(...slice.entries)
      next = slice.next
    }
    return entries
  }

  /** From the beginning, what was not reached of other partitions is to be read again; else they stay as they are. */
  async #commit({ topic, offsets }: ConsumedTopic, position: string): Promise<RawSlice> {
    const { after } = parsePosition(position)
    const committed = await offsets.fetch(topic, after.length)
    const changed = new Map<number, CommittedOffset>()
    for (const [partition, offset] of after.entries()) {
      const before = committed[partition]
      const isReturned = offset !== this.#from?.[partition]
      const isPutBack = this.#start === 'beginning' && before !== undefined && before.offset !== offset
      if (isReturned || isPutBack) changed.set(partition, { offset, metadata: before?.metadata ?? null })
    }
    await offsets.commit(topic, changed)
    return { entries: [] }
  }
}

async function endsOf({ topics, topic }: ConsumedTopic, call: Call): Promise<bigint[] | undefined> {
  const logs = await logsOf(topics, topic, call)
  return logs && Promise.all(logs.map(log => log.end()))
}

/** The committed one. Without one, or behind the end of a log that was made anew, the beginning. */
async function firstOffset(log: PartitionLog, committed: CommittedOffset | undefined): Promise<bigint> {
  return committed !== undefined && committed.offset <= (await log.end()) ? committed.offset : log.start()
}

function onlyReads(): HistoryError {
  return new HistoryError('a consumer only reads', { code: 'UNSUPPORTED' })
}
