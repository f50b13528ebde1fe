import { type KafkaCluster, startKafka } from '@hist/servers'
import { describeWithJava } from '@hist/servers/vitest'
import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'

describeWithJava('kafka', 'a Kafka broker', () => {
  let cluster: KafkaCluster

  beforeAll(async () => {
    cluster = await startKafka({ secured: true, settings: { 'num.partitions': 7 } })
  }, 120_000)

  afterAll(() => cluster?.stop())

  const topicsOf = async (config: KafkaConfig) => {
    const admin = new Kafka({ ...config, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin()
    try {
      await admin.connect()
      return await admin.listTopics()
    } finally {
      await admin.disconnect()
    }
  }

  test('keeps no topic of its readiness check, and takes settings', async () => {
    const admin = new Kafka({ brokers: [cluster.bootstrapServers], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    // A broker goes on to list a deleted topic until it has heard of that.
    await expect.poll(() => admin.listTopics(), { timeout: 20_000 }).toEqual([])
    // Waiting for leaders fails if the broker has not heard of the topic yet.
    await admin.createTopics({ topics: [{ topic: 'defaults' }], waitForLeaders: false })
    const partitions = async () => (await admin.fetchTopicMetadata({ topics: ['defaults'] })).topics[0]?.partitions
    await expect.poll(() => partitions().catch(String), { timeout: 20_000 }).toHaveLength(7)
    await admin.deleteTopics({ topics: ['defaults'] })
    await expect.poll(() => admin.listTopics(), { timeout: 20_000 }).toEqual([])
    await admin.disconnect()
  })

  test('listens with TLS, SASL and both', async () => {
    const { ssl = '', saslPlaintext = '', saslSsl = '', ca, credentials = { username: '', password: '' } } = cluster.secured ?? {}
    const tls = { ca: [ca ?? ''] }
    const wrong = { ...credentials, password: 'wrong' }
    expect(await topicsOf({ brokers: [ssl], ssl: tls })).toEqual([])
    for (const mechanism of ['plain', 'scram-sha-256'] as const) {
      const login = { mechanism, ...credentials } as SASLOptions
      expect(await topicsOf({ brokers: [saslPlaintext], sasl: login })).toEqual([])
      expect(await topicsOf({ brokers: [saslSsl], ssl: tls, sasl: login })).toEqual([])
      const refused = topicsOf({ brokers: [saslSsl], ssl: tls, sasl: { mechanism, ...wrong } as SASLOptions })
      await expect(refused).rejects.toMatchObject({ name: 'KafkaJSSASLAuthenticationError' })
    }
  })
})
