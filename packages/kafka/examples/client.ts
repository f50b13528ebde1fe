import { settings } from './settings.js'

const { bootstrapServers, topicPrefix } = settings

// #region client
import { createKafkaHistory } from '@hist/kafka/store'
import { Kafka, logLevel } from 'kafkajs'

const client = new Kafka({
  clientId: 'chats',
  brokers: bootstrapServers.split(','),
  requestTimeout: 15_000,
  logLevel: logLevel.NOTHING,
})
const store = createKafkaHistory({ client, topicPrefix })

await store.session('user-44').append([{ type: 'human', data: { content: 'hi' } }])

await store.close() // connections of the app's own consumers and producers stay open
// #endregion client
