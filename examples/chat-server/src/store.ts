import { createCassandraHistory } from '@hist/cassandra/store'

// The one line that says where the messages are. To keep them in DynamoDB put the one of store-dynamodb.ts here.
export const store = createCassandraHistory({
  keyspace: process.env.CASSANDRA_KEYSPACE ?? 'chat',
  contactPoints: (process.env.CASSANDRA_HOSTS ?? '127.0.0.1').split(','),
  port: Number(process.env.CASSANDRA_PORT ?? 9042),
  localDataCenter: process.env.CASSANDRA_DATA_CENTER ?? 'datacenter1',
})
