import { type Call, type EncodedBatch, HistoryError } from '@hist/core'
import { ticksOf } from '@hist/core/backend'
import { rowIdOf } from './row-id.js'
import type { Statement, Table } from './table.js'
import { microsecondsOf, SECOND } from './ticks.js'

/**
 * An append whose id is older than this is read back. A clear covers ids that are more than 10 s old by the server's clock, whoever made
 * them; half of that leaves room for unequal clocks.
 */
const READ_BACK_AFTER = 5n * SECOND
/** The server's own limit, in seconds. */
const LONGEST_TTL = 630_720_000n

/**
 * One mutation of one partition: all or nothing. Ids and write timestamp follow from the append's id, so that a repeat writes the same cells
 * once more, and cannot bring back what was cleared meanwhile.
 */
export async function append(table: Table, session: string, batch: EncodedBatch, call: Call): Promise<void> {
  const ticks = ticksOf(batch.id)
  const ttl = remainingSeconds(table, ticks)
  if (ttl !== undefined && ttl <= 0) return
  const statements = batch.bodies.map((body, index) =>
    insert(table, session, rowIdOf(batch.id, batch.firstIndex + index), body, ttl),
  )
  const options = { timestamp: microsecondsOf(ticks) }
  const [first] = statements
  if (first === undefined) return
  if (statements.length === 1) await table.execute(first, call, options)
  else await table.batch(statements, call, options)
  if (table.settings.clock.now() - ticks > READ_BACK_AFTER) await readBack(table, session, batch, call)
}

function insert(table: Table, session: string, rowId: string, body: string, ttl: number | undefined): Statement {
  const query = `INSERT INTO ${table.name} (body_blob, row_id, partition_id) VALUES (?, ?, ?)`
  if (ttl === undefined) return { query, params: [body, rowId, session] }
  return { query: `${query} USING TTL ?`, params: [body, rowId, session, ttl] }
}

/** Until the second in which the append's time and `ttlSeconds` end: the same second for every repeat. Undefined: for ever. */
function remainingSeconds(table: Table, ticks: bigint): number | undefined {
  const { ttlSeconds, clock } = table.settings
  if (ttlSeconds === undefined) return undefined
  const remaining = ticks / SECOND + BigInt(ttlSeconds) - clock.now() / SECOND
  return Number(remaining < LONGEST_TTL ? remaining : LONGEST_TTL)
}

/** A clear by another client, while this append was on its way, may lie above it: the server takes such a write, and shows it to nobody. */
async function readBack(table: Table, session: string, batch: EncodedBatch, call: Call): Promise<void> {
  const query = `SELECT row_id FROM ${table.name} WHERE partition_id = ? AND row_id = ?`
  const { rows } = await table.execute({ query, params: [session, rowIdOf(batch.id, batch.firstIndex)] }, call)
  const ttl = remainingSeconds(table, ticksOf(batch.id))
  if (rows.length > 0 || (ttl !== undefined && ttl <= 1)) return
  throw new HistoryError(
    'Cassandra: the session was cleared after this append got its id and before it arrived; append the messages again, with a new id',
    { code: 'CONFLICT', retryable: false },
  )
}
