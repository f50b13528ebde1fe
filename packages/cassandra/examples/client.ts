import { settings } from './settings.js'

const { contactPoints, localDataCenter, keyspace } = settings

// #region client
import { createCassandraHistory } from '@hist/cassandra/store'
import { Client, policies } from 'cassandra-driver'

const client = new Client({
  contactPoints,
  localDataCenter,
  keyspace,
  socketOptions: { readTimeout: 3_000 },
  policies: {
    speculativeExecution: new policies.speculativeExecution.ConstantSpeculativeExecutionPolicy(200, 1),
    reconnection: new policies.reconnection.ConstantReconnectionPolicy(500),
  },
})
const store = createCassandraHistory({ client })

await store.session('user-44').append([{ type: 'human', data: { content: 'hi' } }])

await store.close() // the client stays open
await client.shutdown()
// #endregion client
