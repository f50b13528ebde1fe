import { CassandraBackend, type CassandraTableOptions } from '@hist/cassandra/store'
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

async function setUp(address: CassandraAddress, options: Partial<CassandraTableOptions>): Promise<ConformanceSetup> {
  const database = await openDatabase(address)
  return {
    open: more => new CassandraBackend({ ...database.own, ...options, ...more }),
    raw: session => database.rows(session, options.tableName),
    stop: () => database.close(),
  }
}

describeWithServer('cassandra', 'conformance', address => {
  const options = { expiry: 'server' } as const
  historyBackendContract({ runner: vitest, name: 'Cassandra, by default', setup: () => setUp(address, {}), options })
  historyBackendContract({
    runner: vitest,
    name: 'Cassandra, everything otherwise',
    setup: () => setUp(address, awkward),
    options,
  })
})
