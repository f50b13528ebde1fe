import type { Call, SessionSlice } from '@hist/core'
import type { Table } from './table.js'

const PAGE = 1_000

/** One page of a scan over all partitions of the cluster, in the order of their tokens, whatever the prefix. */
export async function sessions(
  table: Table,
  key: 'partition_id' | 'session_id',
  range: { readonly prefix?: string | undefined; readonly after?: string | undefined },
  call: Call,
): Promise<SessionSlice> {
  const { prefix = '', after } = range
  const behind = after === undefined ? '' : ` WHERE token(${key}) > token(?)`
  const statement = {
    query: `SELECT DISTINCT ${key} AS session FROM ${table.name}${behind}`,
    params: after === undefined ? [] : [after],
  }
  const { rows, pageState } = await table.page(statement, PAGE, call)
  const found = rows.map(({ session }) => String(session))
  const last = found.at(-1)
  const wanted = found.filter(session => session.startsWith(prefix))
  return last === undefined || !pageState ? { sessions: wanted } : { sessions: wanted, next: last }
}
