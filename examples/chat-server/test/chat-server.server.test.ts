import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describeWithServer } from '@hist/servers/vitest'
import { Client } from 'cassandra-driver'
import { afterAll, beforeAll } from 'vitest'
import { buildProgram } from './program.js'
import { chatServerScenario } from './scenario.js'

describeWithServer('cassandra', 'the chat server on Cassandra', ({ contactPoints, port, localDataCenter, credentials }) => {
  const keyspace = `hist_${randomBytes(6).toString('hex')}`
  const environment = {
    CASSANDRA_HOSTS: contactPoints.join(','),
    CASSANDRA_PORT: `${port}`,
    CASSANDRA_DATA_CENTER: localDataCenter,
    CASSANDRA_KEYSPACE: keyspace,
  }

  beforeAll(async () => {
    if (credentials !== undefined) throw new Error('the example has no setting for credentials')
    const script = fileURLToPath(new URL('../create-keyspace.mjs', import.meta.url))
    await promisify(execFile)(process.execPath, [script], { env: { ...process.env, ...environment } })
  })

  afterAll(async () => {
    // Dropping a keyspace waits for a snapshot.
    const client = new Client({
      contactPoints,
      localDataCenter,
      protocolOptions: { port },
      socketOptions: { readTimeout: 30_000 },
    })
    await client.execute(`DROP KEYSPACE ${keyspace}`)
    await client.shutdown()
  })

  chatServerScenario(() => buildProgram('store.ts', environment))
})
