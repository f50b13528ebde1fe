import type { BackendSupports, Clock, EncodedBatch, HistoryBackend, RawSlice, ReadRange } from '@hist/core'
import { systemClock, ticksOf } from '@hist/core/backend'

interface LogRecord {
  readonly id: string
  readonly index: number
  readonly body: string
  readonly expiresAt: bigint | undefined
}

interface Log {
  start: number
  readonly records: (LogRecord | undefined)[]
}

export type Logs = Map<string, Log>

const FETCHED = 7
const POSITION = 10

/** Like Kafka: a log for each session in order of arrival, small pages with gaps, clear by moving the start. For the suite's own test. */
export class LogBackend implements HistoryBackend {
  readonly name = 'log'
  readonly layout = 'topic'
  readonly timeouts = { readMs: 15_000, appendMs: 60_000 }
  readonly supports: BackendSupports = {
    durable: true,
    atomicAppend: { messages: 50, bytes: 100_000 },
    idempotency: 'always',
    ttl: 'message',
    clear: 'gradual',
    sessions: false,
    maxMessageBytes: 90_000,
    maxSessionBytes: Number.POSITIVE_INFINITY,
    maxDepth: 100,
  }

  constructor(
    private readonly logs: Logs,
    private readonly ttlSeconds: number | undefined = undefined,
    private readonly clock: Clock = systemClock,
  ) {
    if (ttlSeconds !== undefined && !(Number.isInteger(ttlSeconds) && ttlSeconds > 0)) throw new TypeError('ttlSeconds')
  }

  async append(session: string, { id, firstIndex, bodies, repeat }: EncodedBatch): Promise<void> {
    await turn()
    const log = this.#log(session)
    if (repeat && log.records.some(record => record?.id === id && record.index === firstIndex)) return
    const expiresAt = this.ttlSeconds === undefined ? undefined : ticksOf(id) + BigInt(this.ttlSeconds) * 10_000_000n
    for (const [place, body] of bodies.entries()) log.records.push({ id, index: firstIndex + place, body, expiresAt })
    await turn()
  }

  async read(session: string, { order, from, limit = FETCHED }: ReadRange): Promise<RawSlice> {
    await turn()
    const { start, records } = this.#log(session)
    const step = order === 'oldest-first' ? 1 : -1
    const entries = []
    let offset = from === undefined ? (step > 0 ? start : records.length - 1) : Number(from) + step
    if (step > 0) offset = Math.max(start, offset)
    for (let left = Math.min(limit, FETCHED); left > 0 && offset >= start && offset < records.length; left--, offset += step) {
      const record = records[offset]
      if (record === undefined || this.#isRepeat(records, offset) || isExpired(record, this.clock)) continue
      entries.push({ position: String(offset).padStart(POSITION, '0'), body: record.body, ticks: ticksOf(record.id) })
    }
    const more = offset >= start && offset < records.length
    return more ? { entries, next: String(offset - step).padStart(POSITION, '0') } : { entries }
  }

  async clear(session: string): Promise<void> {
    await turn()
    const log = this.#log(session)
    const end = log.records.length
    while (log.start < end) {
      const id = log.records[log.start]?.id
      while (log.start < end && log.records[log.start]?.id === id) log.start++
      await turn()
    }
  }

  async close(): Promise<void> {}

  /** The first copy counts: two clients may write one append at the same time. */
  #isRepeat(records: Log['records'], offset: number): boolean {
    const record = records[offset]
    return records.findIndex(other => other?.id === record?.id && other?.index === record?.index) < offset
  }

  #log(session: string): Log {
    const log = this.logs.get(session) ?? { start: 0, records: [] }
    this.logs.set(session, log)
    return log
  }
}

function isExpired({ expiresAt }: LogRecord, clock: Clock): boolean {
  return expiresAt !== undefined && expiresAt <= clock.now()
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
