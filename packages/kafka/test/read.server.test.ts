import { createHash } from 'node:crypto'
import { createTestClock } from '@hist/core/conformance'
import { startKafkaProxy } from '@hist/fault-proxy/kafka'
import { createKafkaHistory } from '@hist/kafka/store'
import { describeWithServer } from '@hist/servers/vitest'
import kafkajs from 'kafkajs'
import { afterAll, describe, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Database, createTopic as makeTopic, openDatabase } from './database.js'

const { Kafka, logLevel } = kafkajs

describeWithServer('kafka', 'reading', address => {
  const database: Database = openDatabase(address)
  const kafka = new Kafka({
    brokers: address.bootstrapServers.split(','),
    ...database.own.clientOptions,
    logLevel: logLevel.NOTHING,
  })
  const admin = kafka.admin()
  const stock = kafka.producer({ transactionalId: `${database.topicPrefix}tx`, maxInFlightRequests: 1, idempotent: true })

  afterAll(async () => {
    await Promise.all([admin.disconnect(), stock.disconnect()])
    await database.close()
  })

  const topicOf = (session: string) => database.topicPrefix + session
  const value = (content: string) => JSON.stringify({ type: 'human', data: { content } })

  async function createTopic(session: string, numPartitions = 1, settings: Record<string, string> = {}): Promise<string> {
    await admin.connect()
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
    await makeTopic(admin, { topic: topicOf(session), numPartitions, replicationFactor: 1, configEntries })
    return topicOf(session)
  }

  describe('over the wire', () => {
    test('the newest 20 of 10,000 are one ListOffsets and one Fetch, over the connections that are there', async () => {
      const proxy = await startKafkaProxy()
      const { socketFactory } = proxy
      const chat = database.store({}, { socketFactory }).session('long')
      for (const part of range(10)) await chat.append(range(1_000).map(number => human(`${part * 1_000 + number}`)))
      await chat.messages({ last: 20 })
      proxy.reset()
      expect(contents(await chat.messages({ last: 20 }))).toEqual(range(20).map(number => `${9_980 + number}`))
      expect(proxy.counts()).toEqual({ ListOffsets: 1, Fetch: 1 })
      expect(proxy.connections().opened).toBe(0)

      // A client for reading and one for writing, each with a connection for Fetch and one for everything else.
      const texts = await Promise.all(range(200).map(() => chat.messages({ last: 10 })))
      expect(new Set(texts.map(messages => contents(messages).join())).size).toBe(1)
      expect(proxy.connections().open).toBeLessThanOrEqual(4)
      await proxy.close()
    })

    test('a first read of a new process opens two connections and asks for one topic only', async () => {
      await database
        .store()
        .session('cold')
        .append([human('hi')])
      const proxy = await startKafkaProxy()
      const store = database.store({}, { socketFactory: proxy.socketFactory })
      expect(contents(await store.session('cold').messages({ last: 20 }))).toEqual(['hi'])
      const { ApiVersions = 0, Metadata = 0, ...others } = proxy.counts()
      expect(others).toEqual({ ListOffsets: 1, Fetch: 1 })
      expect(ApiVersions).toBeLessThanOrEqual(1)
      expect(Metadata).toBeLessThanOrEqual(2)
      expect(proxy.connections().open).toBeLessThanOrEqual(2)
      await store.close()
      await expect.poll(() => proxy.connections().open).toBe(0)
      await proxy.close()
    })

    test('a topic that does not exist is empty after one Metadata, and is not made', async () => {
      const proxy = await startKafkaProxy()
      const store = database.store({}, { socketFactory: proxy.socketFactory })
      await store.session('warm').append([human('hi')])
      await store.session('warm').messages()
      proxy.reset()
      expect(await store.session('nobody').messages()).toEqual([])
      expect(await store.session('nobody').messages({ last: 5 })).toEqual([])
      await store.session('nobody').clear()
      expect(proxy.counts()).toEqual({ Metadata: 3 })
      await admin.connect()
      expect(await admin.listTopics()).not.toContain(topicOf('nobody'))
      await store.close()
      await proxy.close()
    })
  })

  test('a topic is made with what it needs, whatever the defaults of the brokers are', async () => {
    const day = 86_400_000
    await database
      .store({ ttlMs: day, topicConfig: { 'segment.bytes': 1_048_576 } })
      .session('made')
      .append([human('hi')])
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata({ topics: [topicOf('made')] })
    expect(topics[0]?.partitions).toHaveLength(1)
    const configNames = ['cleanup.policy', 'retention.ms', 'retention.bytes', 'segment.bytes']
    const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topicOf('made'), configNames }]
    const { resources: described } = await admin.describeConfigs({ resources, includeSynonyms: false })
    const entries = described[0]?.configEntries ?? []
    expect(Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]))).toEqual({
      'cleanup.policy': 'delete',
      'retention.ms': String(day),
      'retention.bytes': '-1',
      'segment.bytes': '1048576',
    })
  })

  test('no group appears on the broker', async () => {
    const chat = database.store().session('groupless')
    await chat.append([human('hi')])
    await chat.messages()
    await admin.connect()
    const { groups } = await admin.listGroups()
    expect(groups.map(({ groupId }) => groupId).filter(id => id === 'hist' || id.startsWith(database.topicPrefix))).toEqual([])
  })

  describe('gaps in the log', () => {
    test('transactions of others: what was aborted is not read, what was committed is, and their marks are not messages', async () => {
      const topic = await createTopic('transactions')
      const chat = database.store().session('transactions')
      await chat.append([human('first')])
      await stock.connect()
      for (const [index, isKept] of [true, false, true, false].entries()) {
        const transaction = await stock.transaction()
        await transaction.send({ topic, messages: [{ value: value(`${index}.0`) }, { value: value(`${index}.1`) }] })
        await (isKept ? transaction.commit() : transaction.abort())
      }
      await chat.append([human('last')])
      const expected = ['first', '0.0', '0.1', '2.0', '2.1', 'last']
      expect(contents(await chat.messages())).toEqual(expected)
      for (const last of range(expected.length))
        expect(contents(await chat.messages({ last: last + 1 }))).toEqual(expected.slice(-1 - last))
      const backwards: unknown[] = []
      for await (const { message } of chat.entries({ order: 'newest-first', pageSize: 1 })) backwards.push(message.data.content)
      expect(backwards).toEqual([...expected].reverse())
    })

    test('an open transaction hides what is behind it until it ends; an acknowledged append is waited for', async () => {
      const topic = await createTopic('open')
      const chat = database.store().session('open')
      await stock.connect()
      const transaction = await stock.transaction()
      await transaction.send({ topic, messages: [{ value: value('theirs') }] })
      await chat.append([human('ours')])
      await expect(chat.messages({ timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
      const reading = chat.messages()
      await transaction.commit()
      expect(contents(await reading)).toEqual(['theirs', 'ours'])
    })

    test('records without a value and reserved records are skipped, whatever the window', async () => {
      const topic = await createTopic('reserved')
      const chat = database.store().session('reserved')
      await chat.append([human('first')])
      const plain = kafka.producer()
      await plain.connect()
      const hidden = range(300).map(() => ({ value: null }))
      await plain.send({ topic, messages: [...hidden, { value: value('reserved'), headers: { 'hist-op': 'x' } }] })
      expect(contents(await chat.messages({ last: 1 }))).toEqual(['first'])
      await plain.send({ topic, messages: [{ value: 'no JSON' }] })
      await plain.disconnect()
      await expect(chat.messages({ last: 1 })).rejects.toMatchObject({ code: 'CORRUPT_ENTRY' })
    })
  })

  describe('what goes away', () => {
    test('messages expire by their own time, whatever the broker still has', async () => {
      const clock = createTestClock()
      const session = 'expiring'
      await database
        .store({ clock, ttlMs: 60_000 })
        .session(session)
        .append([human('short')])
      await database
        .store({ clock })
        .session(session)
        .append([human('long')])
      const chat = database.store({ clock }).session(session)
      clock.advance(59_999)
      expect(contents(await chat.messages())).toEqual(['short', 'long'])
      clock.advance(1)
      expect(contents(await chat.messages())).toEqual(['long'])
      expect(await database.records(topicOf(session))).toHaveLength(2)
    })

    test('what the broker deletes while it is paged is left out, and nothing else', async () => {
      const topic = await createTopic('truncated')
      const chat = database.store().session('truncated')
      await chat.append(range(10).map(number => human(`${number}`)))
      const forwards: unknown[] = []
      for await (const { message } of chat.entries({ pageSize: 2 })) {
        forwards.push(message.data.content)
        if (forwards.length === 2) await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '6' }] })
      }
      expect(forwards).toEqual(['0', '1', '6', '7', '8', '9'])
      expect(contents(await chat.messages({ last: 8 }))).toEqual(['6', '7', '8', '9'])
      const backwards: unknown[] = []
      for await (const { message } of chat.entries({ order: 'newest-first', pageSize: 2 })) {
        backwards.push(message.data.content)
        if (backwards.length === 2) await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '7' }] })
      }
      expect(backwards).toEqual(['9', '8', '7'])
      await chat.clear()
      expect(await chat.messages()).toEqual([])
      await chat.append([human('after')])
      expect(contents(await chat.messages({ last: 5 }))).toEqual(['after'])
    })

    test('what the broker lets expire while it is paged is left out, and what comes then is read', {
      timeout: 60_000,
    }, async () => {
      const topic = await createTopic('retained', 1, { 'retention.ms': '4000' })
      const chat = database.store().session('retained')
      await chat.append(range(10).map(number => human(`${number}`)))
      const found: unknown[] = []
      for await (const { message } of chat.entries({ pageSize: 2 })) {
        found.push(message.data.content)
        if (found.length !== 2) continue
        await expect.poll(async () => (await admin.fetchTopicOffsets(topic))[0]?.low, { timeout: 40_000 }).toBe('10')
        await chat.append([human('new'), human('newer')])
      }
      expect(found).toEqual(['0', '1', 'new', 'newer'])
    })

    test('a topic that others delete is empty, and one that they make anew is read from its start', async () => {
      const reader = database.store().session('anew')
      const writer = database.store().session('anew')
      const clearing = database.store().session('anew')
      await writer.append(range(50).map(number => human(`${number}`)))
      await clearing.append([human('last')])
      expect(await reader.messages()).toHaveLength(51)
      await admin.connect()
      await admin.deleteTopics({ topics: [topicOf('anew')] })
      expect(await reader.messages()).toEqual([])
      const other = database.store().session('anew')
      await other.append([human('new')])
      expect(contents(await reader.messages())).toEqual(['new'])
      expect(contents(await reader.messages({ last: 20 }))).toEqual(['new'])
      // It still has the old end in mind.
      expect(contents(await writer.messages({ last: 20 }))).toEqual(['new'])
      await clearing.clear()
      expect(await reader.messages()).toEqual([])
    })
  })

  describe('several partitions', () => {
    test('are merged by time, in order within each, in any direction and in pages of any size', async () => {
      const topic = await createTopic('merged', 3)
      const base = Date.now() - 100_000
      const plain = kafka.producer()
      await plain.connect()
      for (const partition of range(3)) {
        const messages = range(20).map(number => ({
          partition,
          timestamp: String(base + number * 30 + partition * 10),
          value: value(`${number}.${partition}`),
        }))
        await plain.send({ topic, messages })
      }
      await plain.disconnect()
      const expected = range(20).flatMap(number => range(3).map(partition => `${number}.${partition}`))
      const chat = database.store().session('merged')
      expect(contents(await chat.messages())).toEqual(expected)
      expect(contents(await chat.messages({ last: 7 }))).toEqual(expected.slice(-7))
      for (const order of ['oldest-first', 'newest-first'] as const) {
        for (const pageSize of [1, 2, 7, 100]) {
          const found: unknown[] = []
          for await (const { message } of chat.entries({ order, pageSize })) found.push(message.data.content)
          expect(found, `${order}, ${pageSize}`).toEqual(order === 'oldest-first' ? expected : [...expected].reverse())
        }
      }
      const { entries } = await chat.page({ limit: 10 })
      const [first] = entries
      const before = await chat.page({ before: first?.id ?? '', limit: 10 })
      expect(contents(before.entries.map(({ message }) => message))).toEqual(expected.slice(-20, -10))
      await chat.append([human('ours')])
      expect(contents(await chat.messages({ last: 2 }))).toEqual([expected.at(-1), 'ours'])
      await chat.clear()
      expect(await chat.messages()).toEqual([])
    })
  })

  describe('session ids', () => {
    test('those that differ in . and _ only collide in Kafka: CONFLICT, and nothing is written', async () => {
      await database
        .store()
        .session('a.b')
        .append([human('hi')])
      await expect(
        database
          .store()
          .session('a_b')
          .append([human('hi')]),
      ).rejects.toMatchObject({
        code: 'CONFLICT',
        retryable: false,
        outcome: 'failed',
        message: expect.stringMatching(/a\.b|a_b/),
      })
      expect(await database.store().session('a_b').messages()).toEqual([])
    })

    test('names as long as Kafka takes, and longer ones by their hash', async () => {
      const store = createKafkaHistory({ ...database.own })
      const longest = `${database.topicPrefix}${'x'.repeat(249 - database.topicPrefix.length)}`
      for (const session of [longest, `${longest}x`, `${longest}y`]) {
        await store.session(session).append([human(session)])
        expect(contents(await store.session(session).messages())).toEqual([session])
        await store.session(session).clear()
      }
      await admin.connect()
      const hash = (session: string) => `hd--${createHash('sha256').update(session).digest('hex')}`
      const topics = [longest, hash(`${longest}x`), hash(`${longest}y`)]
      expect(await admin.listTopics()).toEqual(expect.arrayContaining(topics))
      await admin.deleteTopics({ topics })
      await store.close()
    })
  })
})
