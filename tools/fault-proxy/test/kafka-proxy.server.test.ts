import { type KafkaCluster, startKafka } from '@hist/servers'
import { describeWithJava } from '@hist/servers/vitest'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type KafkaProxy, type ProducedBatch, startKafkaProxy } from '../src/kafka/index.js'

describeWithJava('kafka', 'a Kafka broker behind the proxy', () => {
  let cluster: KafkaCluster
  let proxy: KafkaProxy
  let kafka: Kafka
  let topics = 0
  let topic: string

  beforeAll(async () => {
    cluster = await startKafka({ settings: { 'auto.create.topics.enable': true, 'group.initial.rebalance.delay.ms': 0 } })
  }, 120_000)
  afterAll(() => cluster?.stop())

  beforeEach(async () => {
    topics += 1
    topic = `topic-${topics}`
    proxy = await startKafkaProxy()
    const retry = { initialRetryTime: 20, maxRetryTime: 200, retries: 30 }
    const { socketFactory } = proxy
    kafka = new Kafka({ brokers: [cluster.bootstrapServers], socketFactory, retry, logLevel: logLevel.NOTHING })
  })
  afterEach(() => proxy.close())

  const port = () => cluster.nodes[0]?.port ?? 0

  async function withProducer<T>(idempotent: boolean, use: (send: (...values: string[]) => Promise<unknown>) => Promise<T>) {
    const producer = kafka.producer({ idempotent })
    await producer.connect()
    try {
      return await use((...values) => producer.send({ topic, messages: values.map(value => ({ value })) }))
    } finally {
      await producer.disconnect()
    }
  }

  /** The whole log, as soon as this value is in it. */
  async function logUpTo(last: string): Promise<string[]> {
    const consumer = kafka.consumer({ groupId: topic })
    const log: string[] = []
    await consumer.connect()
    try {
      await consumer.subscribe({ topic, fromBeginning: true })
      await new Promise<void>((resolve, reject) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error))
        const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
          log.push(String(message.value))
          if (log.at(-1) === last) resolve()
        }
        consumer.run({ eachMessage }).catch(reject)
      })
      return log
    } finally {
      await consumer.disconnect()
    }
  }

  test('passes what a client writes and reads, and counts it', async () => {
    await withProducer(false, async send => {
      await send('a', 'b')
      await send('end')
      expect(proxy.count('Produce')).toBe(2)
      expect(proxy.connections(port()).open).toBeGreaterThan(0)
    })
    expect(await logUpTo('end')).toEqual(['a', 'b', 'end'])
    const names = Object.keys(proxy.counts())
    expect(names).toEqual(expect.arrayContaining(['ApiVersions', 'Metadata', 'Produce', 'FindCoordinator', 'JoinGroup', 'Fetch']))
    expect(names.filter(name => name.startsWith('Api') && name !== 'ApiVersions')).toEqual([])
    await expect.poll(() => proxy.connections().open).toBe(0)
    expect(proxy.connections()).toEqual({ open: 0, opened: proxy.connections(port()).opened })
  })

  test.each([
    ['cut-after', ['a', 'a', 'end']],
    ['drop-before', ['a', 'end']],
  ] as const)('%s on Produce, tried again without idempotence, leaves %j', async (fault, expected) => {
    await withProducer(false, async send => {
      proxy.use(({ api, nth }) => (api === 'Produce' && nth === 1 ? fault : undefined))
      await send('a')
      await send('end')
    })
    expect(proxy.count('Produce')).toBe(3)
    expect(await logUpTo('end')).toEqual(expected)
  })

  test('reads the batches of an idempotent producer', async () => {
    const batches: (ProducedBatch & { topic: string })[] = []
    await withProducer(true, async send => {
      await send('a')
      proxy.reset()
      proxy.use(({ produce, nth }) => {
        if (produce === undefined) return undefined
        for (const { topic, partitions } of produce.topics) batches.push(...partitions.map(batch => ({ topic, ...batch })))
        return nth === 1 ? 'cut-after' : undefined
      })
      await send('b', 'c')
      await send('end')
    })
    const producerId = batches[0]?.producerId ?? -1n
    expect(producerId).toBeGreaterThanOrEqual(0n)
    const batch = { topic, partition: 0, producerId, producerEpoch: 0 }
    expect(batches).toEqual([
      { ...batch, baseSequence: 1, recordCount: 2 },
      { ...batch, baseSequence: 1, recordCount: 2 },
      { ...batch, baseSequence: 3, recordCount: 1 },
    ])
    expect(await logUpTo('end')).toEqual(['a', 'b', 'c', 'end'])
  })

  test('a blocked port is a broker that is down, until it is not', async () => {
    await withProducer(false, async send => {
      await send('a')
      proxy.blockPort(port())
      proxy.cutConnections(port())
      const sent = send('end')
      const { opened } = proxy.connections()
      const impatient = new Kafka({
        brokers: [cluster.bootstrapServers],
        socketFactory: proxy.socketFactory,
        retry: { retries: 0 },
        logLevel: logLevel.NOTHING,
      })
      await expect(impatient.producer().connect()).rejects.toMatchObject({ message: expect.stringContaining('ECONNREFUSED') })
      expect(proxy.connections()).toEqual({ open: 0, opened })
      proxy.unblockPort(port())
      await sent
    })
    expect(await logUpTo('end')).toEqual(['a', 'end'])
  })
})
