import { startCassandra } from '@hist/servers'
import { describeWithJava } from '@hist/servers/vitest'
import cassandra from 'cassandra-driver'
import { expect, test } from 'vitest'

describeWithJava('cassandra', 'three Cassandra nodes', () => {
  test('replicate, and go on without one', async () => {
    const cluster = await startCassandra({ nodes: 3 })
    const { contactPoints, port, localDataCenter, nodes } = cluster
    const client = new cassandra.Client({ contactPoints, localDataCenter, protocolOptions: { port } })
    const consistency = cassandra.types.consistencies
    const write = (level: number) => client.execute(`INSERT INTO three.rows (key) VALUES (${level})`, [], { consistency: level })
    try {
      await client.execute(`CREATE KEYSPACE three WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3}`)
      await client.execute('CREATE TABLE three.rows (key int PRIMARY KEY)')
      await write(consistency.all)

      await nodes[2]?.kill()
      await expect
        .poll(() =>
          write(consistency.all).then(
            () => 'written',
            error => error.name,
          ),
        )
        .not.toBe('written')
      await write(consistency.quorum)

      await nodes[2]?.restart()
      await write(consistency.all)
    } finally {
      await client.shutdown()
      await cluster.stop()
    }
  }, 180_000)
})
