import { millisecondsOf } from '@hist/core/backend'
import type { PartitionLog } from './partition-log.js'
import { keyOf, type LogRecord, recordIdOf } from './record.js'

const SCAN_BYTES = 1_024 * 1_024

/**
 * The ids of records that hold one of `wanted`, between the first record of the time `sinceMs` and `end`. A copy has the time of its
 * append, so no copy is before it; where the broker sets the time, clocks may differ by a minute.
 */
export async function findIds(
  log: PartitionLog,
  wanted: ReadonlySet<string>,
  sinceMs: number,
  end: bigint,
): Promise<Set<string>> {
  const found = new Set<string>()
  let from = await log.since(Math.max(0, sinceMs))
  while (from >= 0n && from < end) {
    const { records, next } = await log.fetch(from, end, SCAN_BYTES)
    for (const { record } of records) {
      const id = recordIdOf(record)
      if (id !== undefined && wanted.has(keyOf(id))) found.add(keyOf(id))
    }
    from = next
  }
  return found
}

/**
 * Leaves the first copy of each message. A producer that gave up and went away can leave another copy, later in the log.
 * @param records of one partition, in order, behind `predecessor`, the record before them if there is one
 */
export async function withoutRepeats(
  log: PartitionLog,
  records: readonly LogRecord[],
  predecessor: LogRecord | undefined,
): Promise<readonly LogRecord[]> {
  const first = records[0]
  if (first === undefined) return records
  const late = new Set<LogRecord>()
  const seen = new Set<string>()
  if (predecessor?.id !== undefined) seen.add(keyOf(predecessor.id))
  let newest = predecessor
  const kept: LogRecord[] = []
  for (const record of records) {
    const { id } = record
    if (id !== undefined) {
      if (seen.has(keyOf(id))) continue
      seen.add(keyOf(id))
      // Ids rise along the log, but for writers at the same time and late copies.
      if (newest !== undefined && !isLater(record, newest)) late.add(record)
    }
    kept.push(record)
    if (newest === undefined || isLater(record, newest)) newest = record
  }
  if (late.size === 0) return kept
  const ids = [...late].flatMap(({ id }) => (id === undefined ? [] : [id]))
  const sinceMs = Math.min(...ids.map(({ append }) => millisecondsOf(append)))
  const before = await findIds(log, new Set(ids.map(keyOf)), sinceMs, first.offset)
  return before.size === 0 ? kept : kept.filter(({ id }) => id === undefined || !before.has(keyOf(id)))
}

/** By id or, where one has none, by time. */
function isLater(record: LogRecord, other: LogRecord): boolean {
  if (record.id === undefined || other.id === undefined) return record.timestamp > other.timestamp
  if (record.id.append !== other.id.append) return record.id.append > other.id.append
  return record.id.index > other.id.index
}
