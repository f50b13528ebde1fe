import type { StoredMessage } from '@hist/core'
import type { KafkaCluster, ServerNode } from '@hist/servers'
import kafkajs, { type Admin, type KafkaConfig, type Producer, type ProducerConfig } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { door, failureOf, startWire, type Wire } from './behind-proxy.js'
import { createTopic, type Database } from './database.js'

const MINUTES = 60_000

interface Lab {
  readonly cluster: KafkaCluster
  readonly database: Database
  readonly admin: Admin
  node(id: number): ServerNode
  allInSync(): Promise<void>
}

/** The ways in which the producer of kafkajs 2.2.4 says that it stored what it did not: each beside this library, under the same conditions. */
export function stockProducerTests(lab: () => Lab): void {
  describe("what kafkajs's own producer acknowledges and loses is kept here", () => {
    let wire: Wire
    const producers: Producer[] = []

    beforeAll(async () => {
      wire = await startWire()
    })
    afterEach(async () => {
      wire.reset()
      await Promise.all(producers.splice(0).map(producer => producer.disconnect()))
    })
    afterAll(() => wire?.proxy.close())

    const topicOf = (session: string) => lab().database.topicPrefix + session

    async function stockProducer(retry: KafkaConfig['retry'] = {}, config: ProducerConfig = {}): Promise<Producer> {
      const brokers = lab().cluster.bootstrapServers.split(',')
      const producer = new kafkajs.Kafka({ brokers, ...wire.clientOptions, retry }).producer({ idempotent: true, ...config })
      producers.push(producer)
      await producer.connect()
      return producer
    }

    /** @param replicas the first leads */
    async function make(session: string, replicas: number[], config: Record<string, string> = {}): Promise<string> {
      const topic = topicOf(session)
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
      const replicaAssignment = [{ partition: 0, replicas }]
      await createTopic(lab().admin, { topic, replicaAssignment, configEntries })
      return topic
    }

    async function log(session: string): Promise<unknown[]> {
      const records = await lab().database.records(topicOf(session))
      return contents(records.map(({ value }): StoredMessage => JSON.parse(String(value))))
    }

    const record = (text: string) => ({ key: null, value: JSON.stringify(human(text)) })
    const send = async (producer: Producer, session: string, text: string, timeout = 30_000) => {
      const [answer] = await producer.send({ topic: topicOf(session), messages: [record(text)], timeout })
      return answer?.baseOffset
    }
    const open = (more: Partial<KafkaConfig> = {}) => lab().database.store({}, { ...wire.clientOptions, ...more })

    test('1. an append whose acknowledgements are lost: the next one', { timeout: MINUTES }, async () => {
      await make('lost-stock', [1, 2, 3])
      const stock = await stockProducer({ initialRetryTime: 20, retries: 2 })
      await send(stock, 'lost-stock', 'a')
      wire.produce(() => 'cut-after')
      await expect(send(stock, 'lost-stock', 'b')).rejects.toThrow()
      wire.reset()
      // Acknowledged with the offset of b.
      expect(await send(stock, 'lost-stock', 'c')).toBe('1')
      expect(await send(stock, 'lost-stock', 'd')).toBe('2')
      expect(await log('lost-stock')).toEqual(['a', 'b', 'd'])

      const chat = open().session('lost-ours')
      await chat.append([human('a')])
      wire.produce(() => 'cut-after')
      const { appendId } = await failureOf(chat.append([human('b')], { timeoutMs: 1_000 }))
      wire.reset()
      await chat.append([human('c')])
      await chat.append([human('b')], { id: appendId })
      await chat.append([human('d')])
      expect(await log('lost-ours')).toEqual(['a', 'b', 'c', 'd'])
    })

    test('2. one acknowledgement is lost while another append waits', { timeout: MINUTES }, async () => {
      await make('two-stock', [1, 2, 3])
      const stock = await stockProducer()
      await send(stock, 'two-stock', 'a')
      wire.proxy.reset()
      wire.produce(({ nth }) => (nth === 1 ? 'cut-after' : undefined))
      const offsets = await Promise.all(['b', 'c'].map(text => send(stock, 'two-stock', text)))
      offsets.push(await send(stock, 'two-stock', 'd'))
      expect(offsets).toEqual(['1', '2', '3'])
      // Which of both is lost depends on which one goes first.
      const [, one] = await log('two-stock')
      expect(['b', 'c']).toContain(one)
      expect(await log('two-stock')).toEqual(['a', one, one, 'd'])

      const chat = open().session('two-ours')
      await chat.append([human('a')])
      wire.proxy.reset()
      wire.produce(({ nth }) => (nth === 1 ? 'cut-after' : undefined))
      await Promise.all(['b', 'c'].map(text => chat.append([human(text)])))
      await chat.append([human('d')])
      expect(await log('two-ours')).toEqual(['a', 'b', 'c', 'd'])
    })

    test.each([true, false])(
      '3. a topic moves to a broker that has answered already (idempotent: %s)',
      { timeout: MINUTES },
      async idempotent => {
        const { admin, node } = lab()
        const name = `moves-${idempotent}`
        for (const session of [`${name}-stock-x`, `${name}-ours-x`]) await make(session, [1, 3])
        for (const session of [`${name}-stock-y`, `${name}-ours-y`]) await make(session, [2, 1], { 'min.insync.replicas': '1' })
        const move = async (session: string) => {
          const topic = topicOf(session)
          await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment: [{ partition: 0, replicas: [1] }] }] })
          const leader = async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions[0]?.leader
          await expect.poll(leader, { timeout: 20_000 }).toBe(1)
        }
        // The broker that no longer leads answers last.
        const slowly = () => wire.produce(({ broker }) => (broker.port === node(2).port ? { delayAnswerMs: 500 } : undefined))

        const stock = await stockProducer({}, { idempotent })
        const both = (text: string) =>
          stock.sendBatch({
            topicMessages: ['x', 'y'].map(part => ({ topic: topicOf(`${name}-stock-${part}`), messages: [record(text)] })),
          })
        await both('m0')
        await move(`${name}-stock-y`)
        slowly()
        const answers = await both('m1')
        expect(answers.map(({ topicName }) => topicName)).toEqual([topicOf(`${name}-stock-x`)])
        wire.reset()
        await both('m2')
        expect(await log(`${name}-stock-x`)).toEqual(['m0', 'm1', 'm2'])
        expect(await log(`${name}-stock-y`)).toEqual(['m0', 'm2'])

        const store = open()
        const bothHere = (text: string) =>
          Promise.all(['x', 'y'].map(part => store.session(`${name}-ours-${part}`).append([human(text)])))
        await bothHere('m0')
        await move(`${name}-ours-y`)
        slowly()
        await bothHere('m1')
        wire.reset()
        await bothHere('m2')
        for (const part of ['x', 'y']) expect(await log(`${name}-ours-${part}`)).toEqual(['m0', 'm1', 'm2'])
      },
    )

    test('4. a replica is down, and comes back', { timeout: 3 * MINUTES }, async () => {
      const { allInSync, node } = lab()
      for (const session of ['replica-stock', 'replica-ours']) await make(session, [1, 2], { 'min.insync.replicas': '2' })
      await allInSync()
      const stock = await stockProducer({ initialRetryTime: 100, retries: 2 })
      await send(stock, 'replica-stock', 'a')
      const chat = open({ requestTimeout: 5_000 }).session('replica-ours')
      await chat.append([human('a')])
      await node(2).kill()
      const waiting = Promise.all(['b', 'c'].map(text => chat.append([human(text)])))
      await expect(send(stock, 'replica-stock', 'b', 4_000)).rejects.toThrow()
      await node(2).restart()
      await allInSync()
      // Acknowledged with the offset of b.
      expect(await send(stock, 'replica-stock', 'd')).toBe('1')
      expect(await log('replica-stock')).toEqual(['a', 'b'])
      await waiting
      await chat.append([human('d')])
      expect(await log('replica-ours')).toEqual(['a', 'b', 'c', 'd'])
    })

    test('5. one of two topics in a request is deleted: the other', { timeout: MINUTES }, async () => {
      const { admin } = lab()
      const sessions = ['stock', 'ours'].flatMap(who => ['x', 'y'].map(part => `deleted-${who}-${part}`))
      for (const session of sessions) await make(session, [1, 2, 3])
      const stock = await stockProducer({ initialRetryTime: 20, retries: 2 })
      const topicMessages = (text: string) =>
        ['x', 'y'].map(part => ({ topic: topicOf(`deleted-stock-${part}`), messages: [record(text)] }))
      await stock.sendBatch({ topicMessages: topicMessages('m0') })
      await admin.deleteTopics({ topics: [topicOf('deleted-stock-y')] })
      await expect(stock.sendBatch({ topicMessages: topicMessages('m1') })).rejects.toThrow()
      // Acknowledged with the offset of m1.
      expect(await send(stock, 'deleted-stock-x', 'm2')).toBe('1')
      expect(await log('deleted-stock-x')).toEqual(['m0', 'm1'])

      const store = open()
      const busy = ['busy-1', 'busy-2']
      for (const session of busy) await make(session, [1, 2, 3])
      const all = (text: string) =>
        Promise.all([...busy, 'deleted-ours-x', 'deleted-ours-y'].map(session => store.session(session).append([human(text)])))
      await all('m0')
      await admin.deleteTopics({ topics: [topicOf('deleted-ours-y')] })
      // While two requests wait, the next one is filled.
      const held = door()
      wire.reset()
      wire.produce(async () => {
        await held.passed
        return undefined
      })
      const appends = all('m1')
      await expect.poll(() => wire.proxy.count('Produce')).toBe(2)
      held.open()
      await appends
      expect(wire.sent.some(({ request }) => request.produce?.topics.length === 2)).toBe(true)
      await all('m2')
      expect(await log('deleted-ours-x')).toEqual(['m0', 'm1', 'm2'])
      expect(await log('deleted-ours-y')).toEqual(['m1', 'm2'])
    })
  })
}
