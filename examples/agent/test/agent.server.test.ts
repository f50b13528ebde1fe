import { describeWithServer } from '@hist/servers/vitest'
import { afterAll, beforeAll } from 'vitest'
import { type Database as Cassandra, openDatabase as openCassandra } from '../../../packages/cassandra/test/database.js'
import { type ExternalDatabase, openExternalDatabase } from '../../../packages/dynamodb/test/external-database.js'
import { type Database as Kafka, openDatabase as openKafka } from '../../../packages/kafka/test/database.js'
import { agentScenario } from './scenario.js'

describeWithServer('cassandra', 'the agent on Cassandra', address => {
  let database: Cassandra
  beforeAll(async () => {
    if (address.credentials !== undefined) throw new Error('the example has no setting for credentials')
    database = await openCassandra(address)
  })
  afterAll(() => database.close())
  agentScenario(() => ({
    STORE: 'cassandra',
    CASSANDRA: `${address.contactPoints[0]}:${address.port}`,
    CASSANDRA_DATA_CENTER: address.localDataCenter,
    CASSANDRA_KEYSPACE: database.keyspace,
  }))
})

describeWithServer('dynamodb', 'the agent on DynamoDB', address => {
  let database: ExternalDatabase
  let tableName: string
  beforeAll(() => {
    database = openExternalDatabase(address)
    tableName = database.newTableName()
  })
  afterAll(() => database.close())
  agentScenario(() => {
    if ('region' in address) throw new Error('the example has no setting for AWS')
    return { STORE: 'dynamodb', DYNAMODB: address.endpoint, DYNAMODB_TABLE: tableName }
  })
})

describeWithServer('kafka', 'the agent on Kafka', address => {
  let database: Kafka
  beforeAll(() => {
    if (address.ssl || address.sasl) throw new Error('the example has no settings for TLS and credentials')
    database = openKafka(address)
  })
  afterAll(() => database.close())
  agentScenario(() => ({
    STORE: 'kafka',
    KAFKA: address.bootstrapServers,
    KAFKA_TOPIC_PREFIX: database.topicPrefix,
  }))
})
