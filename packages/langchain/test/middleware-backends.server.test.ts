import { describeWithServer } from '@hist/servers/vitest'
import { afterAll, beforeAll } from 'vitest'
import { type Database as Cassandra, openDatabase as openCassandra } from '../../cassandra/test/database.js'
import { type ExternalDatabase, openExternalDatabase } from '../../dynamodb/test/external-database.js'
import { type Database as Kafka, openDatabase as openKafka } from '../../kafka/test/database.js'
import { middlewareSuite } from './middleware-suite.js'

describeWithServer('cassandra', 'Cassandra', address => {
  let database: Cassandra
  beforeAll(async () => {
    database = await openCassandra(address)
  })
  afterAll(() => database.close())
  middlewareSuite({
    name: 'Cassandra',
    createStore: () => database.store(),
    elsewhere: () => ({ module: '@hist/cassandra/store', createStore: 'createCassandraHistory', options: database.own }),
  })
})

describeWithServer('dynamodb', 'DynamoDB', address => {
  let database: ExternalDatabase
  let table: { tableName: string; setupMode: 'sync' }
  beforeAll(() => {
    database = openExternalDatabase(address)
    table = { tableName: database.newTableName(), setupMode: 'sync' }
  })
  afterAll(() => database.close())
  middlewareSuite({
    name: 'DynamoDB on a server',
    createStore: () => database.store(table),
    elsewhere: () => ({
      module: '@hist/dynamodb/store',
      createStore: 'createDynamoDBHistory',
      options: { ...database.own(), ...table },
    }),
  })
})

describeWithServer('kafka', 'Kafka', address => {
  let database: Kafka
  beforeAll(() => {
    database = openKafka(address)
  })
  afterAll(() => database.close())
  middlewareSuite({
    name: 'Kafka',
    createStore: () => database.store(),
    elsewhere: () => ({
      module: '@hist/kafka/store',
      createStore: 'createKafkaHistory',
      options: { ...database.own, topicPrefix: database.topicPrefix },
    }),
  })
})
