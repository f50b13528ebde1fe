import { randomBytes } from 'node:crypto'
import { type CassandraClientLike, type CassandraTableOptions, createCassandraHistory } from '@hist/cassandra/store'
import type { HistoryStore } from '@hist/core'
import type { CassandraAddress } from '@hist/servers'
import { Client, type types } from 'cassandra-driver'

export type Row = { readonly row_id: unknown; readonly body_blob: string | null }

/** A keyspace of its own on a real server, and a client of the driver that looks at what is stored. */
export interface Database {
  readonly client: Client
  readonly keyspace: string
  /** Options for a client of the library's own. */
  readonly own: CassandraAddress & { readonly keyspace: string }
  /** The rows of a session, oldest first. */
  rows(session: string, tableName?: string): Promise<Row[]>
  /** A store in the keyspace, over a client of its own unless one is given; closed with the database. */
  store(options?: Partial<CassandraTableOptions> & { client?: CassandraClientLike }): HistoryStore
  close(): Promise<void>
}

export async function openDatabase(address: CassandraAddress, replicas = 1): Promise<Database> {
  const keyspace = `hist_${randomBytes(6).toString('hex')}`
  const client = driverClient(address)
  const replication = `{'class': 'NetworkTopologyStrategy', '${address.localDataCenter}': ${replicas}}`
  await client.execute(`CREATE KEYSPACE ${keyspace} WITH replication = ${replication}`)
  const { contactPoints, port, localDataCenter, credentials } = address
  const own = { contactPoints, port, localDataCenter, ...(credentials && { credentials }), keyspace }
  const stores: HistoryStore[] = []
  return {
    client,
    keyspace,
    own,
    async rows(session, tableName = 'message_store') {
      const query = `SELECT row_id, body_blob FROM ${keyspace}.${tableName} WHERE partition_id = ? ORDER BY row_id ASC`
      const rows: Row[] = []
      for await (const row of await client.execute(query, [session], { prepare: true, fetchSize: 500 })) rows.push(row as never)
      return rows
    },
    store({ client, ...options } = {}) {
      const store = createCassandraHistory(client === undefined ? { ...own, ...options } : { client, keyspace, ...options })
      stores.push(store)
      return store
    },
    async close() {
      await Promise.all(stores.map(store => store.close()))
      await client.execute(`DROP KEYSPACE ${keyspace}`)
      await client.shutdown()
    },
  }
}

export function driverClient({ contactPoints, port, localDataCenter, credentials }: CassandraAddress): Client {
  return new Client({
    contactPoints,
    localDataCenter,
    protocolOptions: { port },
    // Dropping a keyspace waits for a snapshot.
    socketOptions: { readTimeout: 30_000 },
    ...(credentials === undefined ? {} : { credentials: { ...credentials } }),
  })
}

export interface Request {
  readonly query: string
  readonly params: readonly unknown[]
  readonly options: Readonly<Record<string, unknown>>
}

/** The client, injected, with a record of what is sent through it; `rows` of what comes back. */
export function recording(client: Client): { client: CassandraClientLike; requests: Request[]; rows: number[] } {
  const requests: Request[] = []
  const rows: number[] = []
  const record = async (result: Promise<types.ResultSet>) => {
    rows.push((await result).rows?.length ?? 0)
    return result
  }
  return {
    requests,
    rows,
    client: {
      execute(query, params, options) {
        requests.push({ query, params: params ?? [], options: options ?? {} })
        return record(client.execute(query, params, options))
      },
      batch(queries, options) {
        requests.push({ query: 'BATCH', params: queries, options: options ?? {} })
        return record(client.batch(queries, options ?? {}))
      },
      connect: () => client.connect(),
      shutdown: () => client.shutdown(),
    },
  }
}

export function writeTimes({ client, keyspace }: Database, session: string): Promise<bigint[]> {
  const query = `SELECT writetime(body_blob) AS time FROM ${keyspace}.message_store WHERE partition_id = ? ORDER BY row_id ASC`
  return client.execute(query, [session], { prepare: true }).then(({ rows }) => rows.map(({ time }) => BigInt(String(time))))
}

/** TCP connections of this process: other test files have theirs to the same server. */
export function openSockets(): number {
  return process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap').length
}
