import { type KafkaApi, type KafkaProxy, startKafkaProxy } from '@hist/fault-proxy/kafka'
import { KafkaChatMessageHistory } from '@hist/kafka'
import { createKafkaHistory } from '@hist/kafka/store'
import { type KafkaCluster, startKafka } from '@hist/servers'
import { describeWithJava, describeWithServer } from '@hist/servers/vitest'
import { HumanMessage } from '@langchain/core/messages'
import kafkajs from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { range } from '../../core/test/numbers.js'
import { createClient } from '../src/client.js'
import { historyErrorOf } from '../src/errors.js'
import type { GroupOffsets } from '../src/group-offsets.js'
import { createTopic, type Database, openDatabase } from './database.js'
import { openOffsets } from './offsets.js'

const COORDINATOR_LOADS = 14
const NO_COORDINATOR = 15
const NOT_COORDINATOR = 16
/** Where each answer has its error: of one partition, and of the whole. */
const AT_ITS_END = -2
const BEHIND_THROTTLE_TIME = 4

describeWithServer('kafka', 'the offsets of the group that a topic shares with Python', address => {
  let database: Database
  let kafka: kafkajs.Kafka
  let admin: kafkajs.Admin
  let proxy: KafkaProxy
  let offsets: GroupOffsets
  let closeOffsets: () => Promise<void>
  let topics = 0
  let topic: string
  beforeAll(async () => {
    database = openDatabase(address)
    const { bootstrapServers, clientOptions } = database.own
    kafka = new kafkajs.Kafka({ ...clientOptions, brokers: bootstrapServers.split(','), logLevel: kafkajs.logLevel.NOTHING })
    admin = kafka.admin()
    await admin.connect()
    // A new broker has no coordinator for some moments.
    const { own, topicPrefix } = database
    const first = new KafkaChatMessageHistory({ ...own, topicPrefix, sessionId: 'first' })
    await first.addUserMessage('hi')
    await first.messagesFromLastConsumed({ maxTimeSec: 50 })
    await first.close()
  })
  afterAll(async () => {
    await admin.disconnect()
    await database.close()
  })
  beforeEach(async () => {
    topics += 1
    topic = `${database.topicPrefix}${topics}`
    await createTopic(admin, { topic, numPartitions: 3 })
    proxy = await startKafkaProxy()
    const { own } = database
    const clientOptions = { ...own.clientOptions, socketFactory: proxy.socketFactory }
    const opened = await openOffsets(createClient(own.bootstrapServers.split(','), clientOptions).client)
    offsets = opened.offsets
    closeOffsets = opened.close
  })
  afterEach(async () => {
    await closeOffsets()
    await proxy.close()
  })

  const groups = async () => {
    const all = await admin.listGroups()
    return all.groups.filter(({ groupId }) => groupId === topic)
  }
  const fails = (at: number, error: number) => ({
    answer: (body: Buffer) => {
      body.writeInt16BE(error, at < 0 ? body.length + at : at)
      return body
    },
  })
  /** Over the proxy, its topic being of the running test. */
  const openHistory = () => {
    const { own, topicPrefix } = database
    const clientOptions = { ...own.clientOptions, socketFactory: proxy.socketFactory, logLevel: kafkajs.logLevel.NOTHING }
    return new KafkaChatMessageHistory({ ...own, clientOptions, topicPrefix, sessionId: `${topics}` })
  }

  test('none, and to ask for them makes no group', async () => {
    expect(await offsets.fetch(topic, 3)).toEqual([undefined, undefined, undefined])
    expect(await groups()).toEqual([])
  })

  test('commits those that it is given, with their metadata, and leaves the others', async () => {
    await offsets.commit(topic, new Map([[0, { offset: 7n, metadata: 'by hand' }]]))
    await offsets.commit(topic, new Map([[2, { offset: 2n ** 40n, metadata: null }]]))
    const [first, second, third] = await offsets.fetch(topic, 3)
    expect([first, second, third?.offset]).toEqual([{ offset: 7n, metadata: 'by hand' }, undefined, 2n ** 40n])
    // Nobody has joined it.
    expect(await groups()).toEqual([{ groupId: topic, protocolType: '' }])
  })

  test('looks for the coordinator once, and again when it is another one', async () => {
    await offsets.fetch(topic, 3)
    await offsets.fetch(topic, 3)
    expect(proxy.count('FindCoordinator')).toBe(1)
    proxy.use(({ api, nth }) => (api === 'OffsetFetch' && nth === 3 ? fails(AT_ITS_END, NOT_COORDINATOR) : undefined))
    const error = await offsets.fetch(topic, 3).catch((reason: unknown) => historyErrorOf(reason, topic))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    await offsets.fetch(topic, 3)
    expect(proxy.count('FindCoordinator')).toBe(2)
  })

  test.each([
    { api: 'OffsetFetch', error: 'NOT_COORDINATOR', code: NOT_COORDINATOR, at: AT_ITS_END },
    { api: 'OffsetFetch', error: 'COORDINATOR_LOAD_IN_PROGRESS', code: COORDINATOR_LOADS, at: AT_ITS_END },
    { api: 'OffsetCommit', error: 'NOT_COORDINATOR', code: NOT_COORDINATOR, at: AT_ITS_END },
    { api: 'OffsetCommit', error: 'COORDINATOR_LOAD_IN_PROGRESS', code: COORDINATOR_LOADS, at: AT_ITS_END },
    { api: 'FindCoordinator', error: 'COORDINATOR_NOT_AVAILABLE', code: NO_COORDINATOR, at: BEHIND_THROTTLE_TIME },
  ])('$api answered by $error is no error for the app', async ({ api, code, at }) => {
    const history = openHistory()
    await history.addMessages(range(3).map(number => new HumanMessage(`${number}`)))
    proxy.use(request => (request.api === api && request.nth === 1 ? fails(at, code) : undefined))
    const read = await history.messagesFromLastConsumed({ maxMessageCount: 2, maxTimeSec: 30 })
    expect(read.map(({ content }) => content)).toEqual(['0', '1'])
    expect(proxy.counts()[api as KafkaApi]).toBeGreaterThan(1)
    expect((await history.messagesFromLastConsumed({ maxTimeSec: 30 })).map(({ content }) => content)).toEqual(['2'])
    await history.close()
  })

  test.each(['drop-before', 'cut-after', 'lose-answer'] as const)(
    'a commit that is lost (%s) skips no message',
    async fault => {
      const history = openHistory()
      await history.addMessages(range(4).map(number => new HumanMessage(`${number}`)))
      proxy.use(({ api, nth }) => (api === 'OffsetCommit' && nth === 1 ? fault : undefined))
      const read = await history.messagesFromLastConsumed({ maxMessageCount: 2, maxTimeSec: 60 })
      expect(read.map(({ content }) => content)).toEqual(['0', '1'])
      expect((await offsets.fetch(topic, 1))[0]?.offset).toBe(2n)
      expect((await history.messagesFromLastConsumed({ maxTimeSec: 60 })).map(({ content }) => content)).toEqual(['2', '3'])
      await history.close()
    },
    60_000,
  )

  test('waiting for messages is one request at a time for all who wait, and holds up no other read', async () => {
    const { own, topicPrefix } = database
    const clientOptions = { ...own.clientOptions, socketFactory: proxy.socketFactory }
    const store = createKafkaHistory({ ...own, clientOptions, topicPrefix })
    const histories = range(5).map(number => new KafkaChatMessageHistory({ store, sessionId: `${topics} ${number}` }))
    await Promise.all(histories.map(history => history.addUserMessage('old')))
    let held = 0
    let heldAtOnce = 0
    const polls: (() => void)[] = []
    proxy.use(async ({ api, body }) => {
      // A fetch that waits: version 11 has its time behind the replica id.
      if (api !== 'Fetch' || maxWaitOf(body) === 0) return undefined
      held += 1
      heldAtOnce = Math.max(heldAtOnce, held)
      await new Promise<void>(resolve => polls.push(resolve))
      held -= 1
      return undefined
    })
    const received = Promise.all(histories.map(history => history.messagesFromLatest({ maxTimeSec: 30 })))
    await expect.poll(() => polls.length, { timeout: 10_000 }).toBe(1)
    expect(await Promise.all(histories.map(history => history.getMessages()))).toHaveLength(5)
    const release = setInterval(() => polls.shift()?.(), 5)
    let isReceived = false
    void received.then(() => {
      isReceived = true
    })
    while (!isReceived) await Promise.all(histories.map(history => history.addUserMessage('new')))
    clearInterval(release)
    expect((await received).map(messages => messages[0]?.content)).toEqual(Array(5).fill('new'))
    expect(heldAtOnce).toBe(1)
    for (const resolve of polls) resolve()
    await store.close()
  })

  test('while a consumer has joined the group, they can be read, and to commit is a conflict until it has left', async () => {
    const consumer = kafka.consumer({ groupId: topic })
    await consumer.connect()
    await consumer.subscribe({ topic })
    const joined = new Promise(resolve => consumer.on(consumer.events.GROUP_JOIN, resolve))
    await consumer.run({ autoCommit: false, eachMessage: async () => undefined })
    await joined

    const history = openHistory()
    await history.addUserMessage('hi')
    expect(await offsets.fetch(topic, 3)).toEqual([undefined, undefined, undefined])
    const refused = history.messagesFromBeginning({ maxTimeSec: 1 })
    await expect(refused).rejects.toMatchObject({ code: 'CONFLICT', retryable: true, backend: 'kafka', session: `${topics}` })
    await expect(refused).rejects.toThrow(`group named as topic ${topic} has live members`)
    expect(await history.getMessages()).toHaveLength(1)

    proxy.reset()
    const reading = history.messagesFromLastConsumed({ maxTimeSec: 60 })
    await expect.poll(() => proxy.count('OffsetCommit'), { timeout: 20_000 }).toBeGreaterThan(1)
    await consumer.disconnect()
    expect(await reading).toHaveLength(1)
    await history.close()
  }, 60_000)
})

describeWithJava('kafka', 'brokers that make topics for whoever asks (auto.create.topics.enable)', () => {
  let cluster: KafkaCluster
  beforeAll(async () => {
    cluster = await startKafka({ settings: { 'auto.create.topics.enable': true } })
  }, 120_000)
  afterAll(() => cluster?.stop())

  test('no read makes a topic or a group', async () => {
    const { bootstrapServers } = cluster
    const admin = new kafkajs.Kafka({ brokers: bootstrapServers.split(','), logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    const history = new KafkaChatMessageHistory({ bootstrapServers, sessionId: 'missing' })
    expect(await history.getMessages()).toEqual([])
    expect(await history.history.messages({ last: 1 })).toEqual([])
    expect((await history.history.page()).entries).toEqual([])
    await history.clear()
    expect(await history.messagesFromBeginning()).toEqual([])
    expect(await history.messagesFromLastConsumed()).toEqual([])
    expect(await history.messagesFromLatest({ maxTimeSec: 0.3 })).toEqual([])
    expect(await admin.listTopics()).toEqual([])
    expect((await admin.listGroups()).groups).toEqual([])
    await history.addUserMessage('hi')
    expect(await admin.listTopics()).toEqual(['missing'])
    await history.close()
    await admin.disconnect()
  })
})

/** Behind the header with the client's name: the replica's id, then the time. */
function maxWaitOf(body: Buffer): number {
  const nameBytes = Math.max(0, body.readInt16BE(8))
  return body.readInt32BE(10 + nameBytes + 4)
}
