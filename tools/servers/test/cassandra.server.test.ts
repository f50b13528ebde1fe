import { existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { type CassandraCluster, ServerStartError, startCassandra } from '@hist/servers'
import { describeWithJava, describeWithServer } from '@hist/servers/vitest'
import cassandra from 'cassandra-driver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { acceptsConnections } from '../src/ports.js'

describeWithServer('cassandra', 'the Cassandra of all test files', ({ contactPoints, port, localDataCenter, credentials }) => {
  test('answers', async () => {
    const client = new cassandra.Client({
      contactPoints,
      localDataCenter,
      protocolOptions: { port },
      ...(credentials && { credentials }),
    })
    const { rows } = await client.execute('SELECT release_version FROM system.local').finally(() => client.shutdown())
    expect(rows[0]?.release_version).toMatch(/^\d+\./)
  })
})

describeWithJava('cassandra', 'a Cassandra of our own, with TLS and passwords,', () => {
  let cluster: CassandraCluster
  let client: cassandra.Client

  beforeAll(async () => {
    cluster = await startCassandra({ commitlogSync: 'batch', authentication: true, tls: true })
    const { contactPoints, port, localDataCenter, credentials = { username: '', password: '' }, ca = '' } = cluster
    const sslOptions = { ca: [ca], checkServerIdentity: () => undefined }
    client = new cassandra.Client({ contactPoints, localDataCenter, protocolOptions: { port }, credentials, sslOptions })
    await client.execute(`CREATE KEYSPACE own WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`)
    await client.execute('CREATE TABLE own.rows (key int PRIMARY KEY)')
  }, 120_000)

  afterAll(async () => {
    await client?.shutdown()
    await cluster?.stop()
    expect(existsSync(cluster.nodes[0]?.folder ?? '')).toBe(false)
  })

  const count = async () => (await client.execute('SELECT key FROM own.rows', [], { readTimeout: 1000 })).rowLength

  test('refuses a client without a password', async () => {
    const { contactPoints, port, localDataCenter } = cluster
    const stranger = new cassandra.Client({ contactPoints, localDataCenter, protocolOptions: { port } })
    await expect(stranger.connect()).rejects.toMatchObject({ name: 'NoHostAvailableError' })
    await stranger.shutdown()
  })

  test('hangs while frozen', async () => {
    const [node] = cluster.nodes
    node?.freeze()
    await expect(count()).rejects.toThrow()
    node?.resume()
    await expect.poll(count, { timeout: 10_000 }).toBe(0)
  })

  test('keeps what it acknowledged when it is killed', async () => {
    const [node] = cluster.nodes
    const first = node?.pid
    await client.execute('INSERT INTO own.rows (key) VALUES (1)')
    await node?.kill()
    expect(node?.pid).toBe(0)
    expect(await acceptsConnections(cluster.port, '127.0.0.1')).toBe(false)
    await node?.restart()
    expect(node?.pid).not.toBe(first)
    await expect.poll(() => count().catch(error => error.message), { timeout: 20_000 }).toBe(1)
  }, 120_000)
})

describeWithJava('cassandra', 'a Cassandra that can not start', () => {
  test('shows the end of its log, and keeps it', async () => {
    const failure = await startCassandra({ settings: { partitioner: 'NoSuchPartitioner' } }).catch(error => error)
    expect(failure).toBeInstanceOf(ServerStartError)
    expect(failure.message).toContain('NoSuchPartitioner')
    const [logFile = ''] = /\S+out\.log/.exec(failure.message) ?? []
    expect(existsSync(logFile)).toBe(true)
    rmSync(dirname(dirname(logFile)), { recursive: true })
  })
})
