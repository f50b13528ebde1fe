// npm run keyspace. The library makes its table, never the keyspace: how often the data is kept is the operator's decision.
import { Client } from 'cassandra-driver'

const { CASSANDRA_KEYSPACE: keyspace = 'chat', CASSANDRA_DATA_CENTER: localDataCenter = 'datacenter1' } = process.env
const { CASSANDRA_HOSTS: hosts = '127.0.0.1', CASSANDRA_PORT: port = '9042', CASSANDRA_REPLICAS: replicas = '1' } = process.env

const client = new Client({ contactPoints: hosts.split(','), localDataCenter, protocolOptions: { port: Number(port) } })
const replication = `{'class': 'NetworkTopologyStrategy', '${localDataCenter}': ${Number(replicas)}}`
await client.execute(`CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = ${replication}`)
await client.shutdown()
