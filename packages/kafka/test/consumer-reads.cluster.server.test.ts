import { KafkaChatMessageHistory } from '@hist/kafka'
import { type KafkaCluster, startKafka } from '@hist/servers'
import { describeWithJava } from '@hist/servers/vitest'
import { type BaseMessage, HumanMessage } from '@langchain/core/messages'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { borrowCluster } from '../src/client.js'
import { createTopic } from './database.js'

describeWithJava('kafka', "Python's ways to read, of three brokers", () => {
  let cluster: KafkaCluster
  let kafka: kafkajs.Kafka
  let admin: kafkajs.Admin
  beforeAll(async () => {
    cluster = await startKafka({ nodes: 3 })
    kafka = new kafkajs.Kafka({ brokers: cluster.bootstrapServers.split(','), logLevel: kafkajs.logLevel.NOTHING })
    admin = kafka.admin()
    await admin.connect()
  }, 180_000)
  afterAll(async () => {
    await admin?.disconnect()
    await cluster?.stop()
  })
  const open = (sessionId: string) => new KafkaChatMessageHistory({ bootstrapServers: cluster.bootstrapServers, sessionId })

  test('from the latest: whichever broker leads the partition that the message comes to', async () => {
    const topic = 'three-leaders'
    expect(new Set(await createTopic(admin, { topic, numPartitions: 3 })).size).toBe(3)
    const history = open(topic)
    const producer = kafka.producer()
    await producer.connect()
    for (const partition of range(3)) {
      let received: BaseMessage[] | undefined
      const receiving = history.messagesFromLatest({ maxTimeSec: 60, maxMessageCount: 1 }).then(messages => {
        received = messages
      })
      while (received === undefined)
        await producer.send({ topic, messages: [{ partition, value: JSON.stringify(human(`to ${partition}`)) }] })
      await receiving
      expect(received.map(({ content }) => content)).toEqual([`to ${partition}`])
    }
    await producer.disconnect()
    await history.close()
  }, 120_000)

  test('go on when the broker dies that keeps the offsets of the group', async () => {
    const history = open('orphaned')
    await history.addMessages(range(20).map(number => new HumanMessage(`${number}`)))
    // The new coordinator may know less than the old one had acknowledged, until it knows what its replicas have: then some come again.
    let next = 0
    const readSome = async () => {
      const messages = await history.messagesFromLastConsumed({ maxMessageCount: 4, maxTimeSec: 100 })
      const numbers = messages.map(({ content }) => Number(content))
      const first = numbers[0] ?? Number.NaN
      expect(first).toBeLessThanOrEqual(next)
      expect(numbers).toEqual(range(numbers.length).map(place => first + place))
      next = Math.max(next, first + numbers.length)
    }
    await readSome()
    expect(next).toBe(4)
    // Their ids begin with 1.
    const node = cluster.nodes[(await coordinatorOf(kafka, 'orphaned')) - 1]
    expect(node).toBeDefined()
    await node?.kill()
    await readSome()
    await readSome()
    await node?.restart()
    for (let reads = 0; next < 20 && reads < 5; reads++) await readSome()
    expect(next).toBe(20)
    await history.close()
  }, 180_000)
})

async function coordinatorOf(client: kafkajs.Kafka, groupId: string): Promise<number> {
  const { pool, release } = borrowCluster(client)
  await pool.connect()
  const answer = await pool.seedBroker?.findGroupCoordinator({ groupId, coordinatorType: 0 })
  await release()
  return answer?.coordinator.nodeId ?? 0
}
