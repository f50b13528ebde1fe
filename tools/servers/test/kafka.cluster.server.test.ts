import { startKafka } from '@hist/servers'
import { describeWithJava } from '@hist/servers/vitest'
import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'

describeWithJava('kafka', 'three Kafka brokers', () => {
  test('replicate, and go on without one', async () => {
    const cluster = await startKafka({ nodes: 3 })
    const kafka = new Kafka({ brokers: cluster.bootstrapServers.split(','), logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    const producer = kafka.producer()
    const send = () => producer.send({ topic: 'three', acks: -1, messages: [{ value: 'value' }] })
    const brokers = async () => (await admin.describeCluster()).brokers.length
    try {
      await Promise.all([admin.connect(), producer.connect()])
      // Waiting for leaders fails if a broker has not heard of the topic yet.
      const topics = [{ topic: 'three', numPartitions: 1, replicationFactor: 3 }]
      await admin.createTopics({ topics, waitForLeaders: false })
      await expect.poll(() => admin.fetchTopicOffsets('three').catch(String), { timeout: 20_000 }).toHaveLength(1)
      await send()

      await cluster.nodes[2]?.kill()
      await expect.poll(brokers, { timeout: 20_000 }).toBe(2)
      await send()

      await cluster.nodes[2]?.restart()
      expect(await brokers()).toBe(3)
      expect(await admin.fetchTopicOffsets('three')).toMatchObject([{ offset: '2' }])
    } finally {
      await Promise.all([admin.disconnect(), producer.disconnect()])
      await cluster.stop()
    }
  }, 180_000)
})
