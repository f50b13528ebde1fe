import { type Call, HistoryError } from '@hist/core'
import { untilAgreed } from './agreement.js'
import type { TableSettings } from './options.js'
import type { Table } from './table.js'

type Column = readonly [name: string, kind: 'partition_key' | 'clustering' | 'regular', type: string]

/** The table of cassio, which Python's class uses. */
const COLUMNS: readonly Column[] = [
  ['partition_id', 'partition_key', 'text'],
  ['row_id', 'clustering', 'timeuuid'],
  ['body_blob', 'regular', 'text'],
]

/** The table of the JavaScript community class. */
const COMMUNITY_COLUMNS: readonly Column[] = [
  ['session_id', 'partition_key', 'text'],
  ['message_ts', 'clustering', 'timestamp'],
  ['message_type', 'regular', 'text'],
  ['data', 'regular', 'text'],
]

/** As it stands in statements. */
export function qualifiedName({ keyspace, tableName }: TableSettings): string {
  return `${keyspace}.${tableName}`
}

export function createTableStatement(settings: TableSettings): string {
  return (
    `CREATE TABLE IF NOT EXISTS ${qualifiedName(settings)} (partition_id TEXT, row_id TIMEUUID, body_blob TEXT, ` +
    'PRIMARY KEY ((partition_id), row_id)) WITH CLUSTERING ORDER BY (row_id DESC)' +
    (settings.tableOptions === undefined ? '' : ` AND ${settings.tableOptions}`)
  )
}

/**
 * Looks at the table, and makes it if it is missing and `setupMode` is not `'off'`. Looks first, because a role without the permission to
 * create is refused a `CREATE TABLE IF NOT EXISTS` even where the table exists.
 */
export async function setUpTable(table: Table, call: Call): Promise<void> {
  if (!(await isThere(table, COLUMNS, call))) {
    if (table.settings.setupMode === 'off') throw missingTable(table.settings)
    await table.define(createTableStatement(table.settings), call)
  }
  if (table.settings.setupMode !== 'off') await untilAgreed(table, call)
}

/** The table of the JavaScript community class is only looked at. */
export async function checkCommunityTable(table: Table, call: Call): Promise<void> {
  if (await isThere(table, COMMUNITY_COLUMNS, call)) return
  throw new HistoryError(`Cassandra: table ${qualifiedName(table.settings)} does not exist`, { code: 'NOT_SET_UP' })
}

export function missingTable(settings: TableSettings, cause?: unknown): HistoryError {
  return new HistoryError(
    `Cassandra: table ${qualifiedName(settings)} does not exist; make it with setupMode 'sync', or by\n${createTableStatement(settings)};`,
    { code: 'NOT_SET_UP', cause },
  )
}

/** Whether the table is there; if it is, with these columns. If not, at least the keyspace is. */
async function isThere(table: Table, wanted: readonly Column[], call: Call): Promise<boolean> {
  const found = await columnsOf(table, call)
  if (found.length > 0) checkColumns(table.settings, wanted, found)
  else await checkKeyspace(table, call)
  return found.length > 0
}

async function columnsOf(table: Table, call: Call): Promise<readonly Column[]> {
  const { keyspace, tableName } = table.settings
  const query = 'SELECT column_name, kind, type FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?'
  const { rows } = await table.lookUp(query, [storedName(keyspace), storedName(tableName)], call)
  return rows.map(({ column_name: name, kind, type }) => [name, kind, type] as Column)
}

async function checkKeyspace(table: Table, call: Call): Promise<void> {
  const { keyspace } = table.settings
  const query = 'SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?'
  if ((await table.lookUp(query, [storedName(keyspace)], call)).rows.length === 0) throw missingKeyspace(table.settings)
}

export function missingKeyspace({ keyspace }: TableSettings, cause?: unknown): HistoryError {
  return new HistoryError(
    `Cassandra: keyspace ${keyspace} does not exist, and is not made here, because you decide how it is replicated; for example\n` +
      `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3};`,
    { code: 'NOT_SET_UP', cause },
  )
}

function checkColumns(settings: TableSettings, wanted: readonly Column[], found: readonly Column[]): void {
  const missing = missingFrom(found, wanted)
  if (missing.length === 0) return
  const other = wanted === COLUMNS ? COMMUNITY_COLUMNS : COLUMNS
  const hint =
    missingFrom(found, other).length > 0
      ? 'use another tableName'
      : wanted === COLUMNS
        ? "it is a table of the JavaScript community class: read it with layout: 'community'"
        : "it is a table of layout 'cassio', which is the default"
  const columns = missing.map(([name, kind, type]) => `${name} ${type} (${kind})`).join(', ')
  throw new HistoryError(`Cassandra: table ${qualifiedName(settings)} has no ${columns}; ${hint}. Nothing was written to it`, {
    code: 'INVALID_CONFIGURATION',
  })
}

function missingFrom(found: readonly Column[], wanted: readonly Column[]): readonly Column[] {
  return wanted.filter(column => !found.some(other => column.every((part, index) => part === other[index])))
}

/** CQL lower-cases a name unless it is quoted. */
export function storedName(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1) : name.toLowerCase()
}
