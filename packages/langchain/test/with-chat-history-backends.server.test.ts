import { describeWithServer } from '@hist/servers/vitest'
import { afterAll, beforeAll } from 'vitest'
import { type Database as Cassandra, openDatabase as openCassandra } from '../../cassandra/test/database.js'
import { type ExternalDatabase, openExternalDatabase } from '../../dynamodb/test/external-database.js'
import { type Database as Kafka, openDatabase as openKafka } from '../../kafka/test/database.js'
import { withChatHistorySuite } from './with-chat-history-suite.js'

describeWithServer('cassandra', 'Cassandra', address => {
  let database: Cassandra
  beforeAll(async () => {
    database = await openCassandra(address)
  })
  afterAll(() => database.close())
  withChatHistorySuite({ name: 'Cassandra', createStore: () => database.store() })
})

describeWithServer('dynamodb', 'DynamoDB', address => {
  let database: ExternalDatabase
  beforeAll(() => {
    database = openExternalDatabase(address)
  })
  afterAll(() => database.close())
  withChatHistorySuite({
    name: 'DynamoDB on a server',
    createStore: () => database.store({ tableName: database.newTableName(), setupMode: 'sync' }),
  })
})

describeWithServer('kafka', 'Kafka', address => {
  let database: Kafka
  beforeAll(() => {
    database = openKafka(address)
  })
  afterAll(() => database.close())
  withChatHistorySuite({ name: 'Kafka', createStore: () => database.store() })
})
