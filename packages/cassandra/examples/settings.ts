export const settings = {
  contactPoints: [process.env.CASSANDRA ?? '127.0.0.1:9042'],
  localDataCenter: 'datacenter1',
  keyspace: process.env.CASSANDRA_KEYSPACE ?? 'app',
}
