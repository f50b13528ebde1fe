import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, isHistoryError } from '@hist/core'
import { rowTicks } from './row-id.js'
import { storedName } from './schema.js'
import type { Table } from './table.js'
import { SECOND } from './ticks.js'

/** Ten minutes: clocks are not equal. */
const YOUNG = 600n * SECOND
/** As long as the driver would wait. Nodes may disagree for other reasons and for hours, as in an upgrade. */
const LIMIT_MS = 10_000
const PAUSE_MS = 100

/**
 * Nodes that are told at the same time to make a table make one each, and keep one of them when they notice; what was written to the others
 * is gone (measured with eight clients on three nodes: up to four of six acknowledged messages). So nothing is written to a young table until
 * the nodes agree.
 */
export async function untilAgreed(table: Table, call: Call): Promise<void> {
  const { keyspace, tableName, clock } = table.settings
  const query = 'SELECT id FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?'
  const { rows } = await table.lookUp(query, [storedName(keyspace), storedName(tableName)], call)
  const [row] = rows
  if (row !== undefined && !isYoung(String(row.id), clock.now())) return
  const end = performance.now() + LIMIT_MS
  while (performance.now() < end && !(await isAgreed(table, call))) await sleep(PAUSE_MS)
}

/** A table's id is of version 1, with the time it was made, unless the server is set to make the same id everywhere. */
function isYoung(tableId: string, now: bigint): boolean {
  return tableId[14] === '1' && now - rowTicks(tableId) < YOUNG
}

/** Whether a node has the table in use, and all others that are up know the same tables as this one. */
async function isAgreed(table: Table, call: Call): Promise<boolean> {
  try {
    // What is in system_schema is not in use yet; what can be read is.
    const probe = await table.lookUp(`SELECT row_id FROM ${table.name} WHERE partition_id = '-' LIMIT 1`, [], call)
    const node = probe.info?.queriedHost ?? ''
    const host = table.hosts?.get(node)
    if (host === undefined) return true
    const [local, peers] = await Promise.all([
      table.lookUp('SELECT schema_version FROM system.local', [], call, host),
      table.lookUp('SELECT rpc_address, schema_version FROM system.peers', [], call, host),
    ])
    const port = node.split(':').at(-1)
    const others = peers.rows.filter(peer => table.hosts?.get(`${String(peer.rpc_address)}:${port}`)?.isUp() ?? true)
    return others.every(peer => String(peer.schema_version) === String(local.rows[0]?.schema_version))
  } catch (error) {
    // What the table's race itself can answer; the caller looks again.
    if (isHistoryError(error) && /^(NOT_SET_UP|UNKNOWN|UNAVAILABLE|TIMEOUT)$/.test(error.code)) return false
    throw error
  }
}
