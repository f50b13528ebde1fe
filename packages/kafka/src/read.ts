import type { Call, RawEntry, RawSlice, ReadRange } from '@hist/core'
import { TICKS_PER_MS, ticksOf } from '@hist/core/backend'
import { logsOf, type PartitionLog, type Stretch } from './partition-log.js'
import { formatPosition, parsePosition } from './position.js'
import { type LogRecord, logRecordOf } from './record.js'
import { withoutRepeats } from './repeats.js'
import type { Topics } from './schema.js'

/** What one fetch brings. */
const PAGE_BYTES = 1_024 * 1_024
/** Entries of a slice that nobody limits. */
const PAGE_ENTRIES = 1_000
/** Of a window that does not end with the log: a fetch should not bring much more than was asked for. */
const BYTES_PER_ENTRY = 4_096
/** A window of nothing but gaps is followed by one so much larger. */
const WIDER = 4n

/** One slice of a topic. A topic that does not exist is empty, and is not made. */
export async function read(topics: Topics, topic: string, range: ReadRange, call: Call): Promise<RawSlice> {
  const logs = await logsOf(topics, topic, call)
  if (logs === undefined) return { entries: [] }
  return range.order === 'oldest-first' ? readForwards(logs, range) : readBackwards(logs, range)
}

/** Records of one partition, in the order of reading. */
interface Run {
  readonly records: readonly LogRecord[]
  /** The offset where reading goes on behind them; in reading direction backwards, that of the last record that was read. */
  readonly next: bigint
  /** There is nothing to go on with. */
  readonly isLast: boolean
}

async function readForwards(logs: readonly PartitionLog[], { from, limit = PAGE_ENTRIES }: ReadRange): Promise<RawSlice> {
  const place = from === undefined ? undefined : parsePosition(from)
  const starts: bigint[] = []
  const runs = await Promise.all(
    logs.map(async (log, partition) => {
      const known = place?.after[partition]
      const [start, end] = await Promise.all([known ?? log.start(), log.end()])
      starts[partition] = start
      return runForwards(log, { start, end, bytes: bytesFor(limit), hasPredecessor: known !== undefined && known > 0n })
    }),
  )
  return merge(runs, starts, limit, true).slice
}

async function runForwards(
  log: PartitionLog,
  { start, end, bytes, hasPredecessor }: { start: bigint; end: bigint; bytes: number; hasPredecessor: boolean },
): Promise<Run> {
  if (start >= end) return { records: [], next: start, isLast: true }
  const stretches = [await log.fetch(hasPredecessor ? start - 1n : start, end, bytes)]
  // The record before may be all that came.
  if ((stretches[0]?.next ?? start) <= start) stretches.push(await log.fetch(start, end, bytes))
  const next = stretches.at(-1)?.next ?? end
  return { records: await recordsOf(log, stretches, start), next, isLast: next >= end }
}

function bytesFor(limit: number): number {
  return Math.min(PAGE_BYTES, Math.max(1, limit) * BYTES_PER_ENTRY)
}

/** `last N` is the last N offsets, and fewer messages if there are gaps. */
async function readBackwards(logs: readonly PartitionLog[], { from, limit = PAGE_ENTRIES }: ReadRange): Promise<RawSlice> {
  const place = from === undefined ? undefined : parsePosition(from)
  const ends = await Promise.all(logs.map(log => log.end()))
  let bounds = ends.map((end, partition) => {
    const before = place === undefined ? end : (place.before[partition] ?? 0n)
    return before < end ? before : end
  })
  const bytes = place === undefined ? PAGE_BYTES : bytesFor(limit)
  for (let span = BigInt(limit); ; span *= WIDER) {
    const runs = await Promise.all(logs.map((log, partition) => runBackwards(log, bounds[partition] ?? 0n, span, bytes)))
    const { slice, reached } = merge(runs, bounds, limit, false)
    if (slice.entries.length > 0 || slice.next === undefined) return slice
    bounds = reached
  }
}

async function runBackwards(log: PartitionLog, upper: bigint, span: bigint, bytes: number): Promise<Run> {
  const lower = upper > span ? upper - span : 0n
  if (upper <= 0n) return { records: [], next: 0n, isLast: true }
  const stretches: Stretch[] = []
  for (let next = lower > 0n ? lower - 1n : 0n; next < upper; ) {
    const stretch = await log.fetch(next, upper, bytes)
    stretches.push(stretch)
    next = stretch.next
  }
  const records = await recordsOf(log, stretches, lower)
  return { records: [...records].reverse(), next: lower, isLast: lower <= (stretches[0]?.start ?? 0n) }
}

async function recordsOf(log: PartitionLog, stretches: readonly Stretch[], from: bigint): Promise<readonly LogRecord[]> {
  const nowMs = Number(log.topics.settings.clock.now() / TICKS_PER_MS)
  const all = stretches.flatMap(({ records }) => records.map(({ record, isAborted }) => logRecordOf(record, isAborted, nowMs)))
  const records = all.filter(({ offset }) => offset >= from)
  return withoutRepeats(log, records, all[all.length - records.length - 1])
}

/**
 * Merges partitions by time, and never reorders within one. Ends where one has no more records here, but goes on.
 * @param bounds by partition: where reading begins
 */
function merge(
  runs: readonly Run[],
  bounds: readonly bigint[],
  limit: number,
  isForward: boolean,
): { slice: RawSlice; reached: bigint[] } {
  const reached = [...bounds]
  const done = runs.map(() => 0)
  const entries: RawEntry[] = []
  for (;;) {
    let best: { readonly partition: number; readonly record: LogRecord } | undefined
    let isBlocked = false
    for (const [partition, run] of runs.entries()) {
      const record = run.records[done[partition] ?? 0]
      if (record === undefined) {
        reached[partition] = run.next
        isBlocked ||= !run.isLast
      } else if (
        best === undefined ||
        (isForward ? record.timestamp < best.record.timestamp : record.timestamp >= best.record.timestamp)
      ) {
        best = { partition, record }
      }
    }
    if (best === undefined && !isBlocked) return { slice: { entries }, reached }
    if (best === undefined || isBlocked || entries.length >= limit) break
    const { partition, record } = best
    const { offset, body } = record
    done[partition] = (done[partition] ?? 0) + 1
    reached[partition] = offset + 1n
    if (body !== undefined) entries.push({ position: formatPosition(reached, partition), body, ticks: ticksIn(record) })
    if (!isForward) reached[partition] = offset
  }
  return { slice: { entries, next: formatPosition(reached) }, reached }
}

/** Of Python's records the time that the record has, if any. */
function ticksIn({ id, timestamp }: LogRecord): bigint | undefined {
  if (id !== undefined) return ticksOf(id.append)
  return timestamp < 0 ? undefined : BigInt(timestamp) * TICKS_PER_MS
}
