import { CassandraBackend, type CassandraTableOptions } from '@hist/cassandra/store'
import type { Call, RawSlice, ReadRange } from '@hist/core'
import { type ConformanceSetup, historyBackendContract } from '@hist/core/conformance'
import type { CassandraAddress } from '@hist/servers'
import { describeWithServer } from '@hist/servers/vitest'
import * as vitest from 'vitest'
import { openDatabase } from './database.js'

const awkward: Partial<CassandraTableOptions> = {
  tableName: '"Messages"',
  ttlSeconds: 30 * 86_400,
  consistency: 'ONE',
  tableOptions: "compaction = {'class': 'UnifiedCompactionStrategy'} AND default_time_to_live = 5184000",
}

/** Asks the server for two rows at a time. */
class SmallPages extends CassandraBackend {
  override read(session: string, range: ReadRange, call: Call): Promise<RawSlice> {
    return super.read(session, { ...range, limit: Math.min(range.limit ?? 2, 2) }, call)
  }
}

async function setUp(
  address: CassandraAddress,
  Backend: typeof CassandraBackend,
  options: Partial<CassandraTableOptions>,
): Promise<ConformanceSetup> {
  const database = await openDatabase(address)
  return {
    open: more => new Backend({ ...database.own, ...options, ...more }),
    raw: session => database.rows(session, options.tableName),
    stop: () => database.close(),
  }
}

describeWithServer('cassandra', 'conformance', address => {
  const expiry = 'server'
  // With everything as by default it runs on three nodes, in three-nodes.cluster.server.test.ts; on a server of yours here.
  if (process.env.HIST_CASSANDRA !== undefined) {
    historyBackendContract({
      runner: vitest,
      name: 'Cassandra, by default',
      setup: () => setUp(address, CassandraBackend, {}),
      options: { expiry },
    })
  }
  historyBackendContract({
    runner: vitest,
    name: 'Cassandra, everything otherwise',
    setup: () => setUp(address, SmallPages, awkward),
    options: { expiry, longSession: 2_000 },
  })
})
