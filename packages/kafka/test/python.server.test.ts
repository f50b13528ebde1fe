import { readFileSync } from 'node:fs'
import { decodeMessage, type StoredMessage } from '@hist/core'
import { KafkaChatMessageHistory } from '@hist/kafka'
import type { PythonPeer } from '@hist/python'
import { describeWithPython } from '@hist/python/vitest'
import { type KafkaCluster, startKafka } from '@hist/servers'
import { describeWithJava } from '@hist/servers/vitest'
import { type BaseMessage, HumanMessage } from '@langchain/core/messages'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kinds, pythonRows } from '../../core/test/fixtures/messages/both-languages.js'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { createTopic, type Database, openDatabase } from './database.js'

/** What Python's class wrote to three partitions, in the order of the calls. */
const recorded: { partition: number; value: string; timestamp: number }[] = JSON.parse(
  readFileSync(new URL('./fixtures/python-records.json', import.meta.url), 'utf8'),
).records

/** When it has fewer messages than asked for, Python's class waits for this long. */
const BRIEFLY = 1.5
const PATIENTLY = 60

// Brokers of their own: joining a group takes at least 3 s otherwise, for every read of Python's class.
describeWithJava('kafka', 'the real Python class', () => {
  let cluster: KafkaCluster
  beforeAll(async () => {
    cluster = await startKafka({ settings: { 'group.initial.rebalance.delay.ms': 0 } })
  }, 120_000)
  afterAll(() => cluster?.stop())

  describeWithPython('on the same topic', python => {
    let database: Database
    let peer: PythonPeer
    let kafka: kafkajs.Kafka
    let admin: kafkajs.Admin
    beforeAll(async () => {
      database = openDatabase(cluster)
      const { bootstrapServers } = cluster
      peer = await python.start(new URL('./python-peer.py', import.meta.url), { bootstrap_servers: bootstrapServers })
      kafka = new kafkajs.Kafka({ brokers: bootstrapServers.split(','), logLevel: kafkajs.logLevel.NOTHING })
      admin = kafka.admin()
      await admin.connect()
    }, 60_000)
    afterAll(async () => {
      await admin?.disconnect()
      await database?.close()
    })

    const topicOf = (session: string) => database.topicPrefix + session
    const on = (session: string) => ({ session_id: topicOf(session) })
    const open = (sessionId: string) => {
      const { own, topicPrefix } = database
      return new KafkaChatMessageHistory({ ...own, topicPrefix, sessionId })
    }
    const add = (session: string, messages: unknown[], options: object = {}) =>
      peer.call('add_messages', { ...on(session), messages, ...options })
    const read = async (session: string, method: string, count: number, seconds = PATIENTLY) => {
      const parameters = { method, max_message_count: count, max_time_sec: seconds, as_text: true }
      const texts = (await peer.call('read', { ...on(session), ...parameters })) as string[]
      return texts.map(text => decodeMessage(text))
    }
    const numbers = (count: number, from = 0) => range(count).map(number => human(`${from + number}`))
    const texts = (count: number, from = 0) => range(count).map(number => `${from + number}`)
    const chatOf = (session: string) => database.store().session(session)

    test('it reads ours and we read its records: every kind, both ways, in one topic, in the order of the appends', async () => {
      const chat = chatOf('both')
      const theirs = pythonRows.filter(text => !text.includes('NaN') && !text.includes('Infinity'))
      const expected: StoredMessage[] = []
      await chat.append([human('ours makes the topic')])
      expected.push(human('ours makes the topic'))
      for (const [index, text] of theirs.entries()) {
        await add('both', [text])
        expected.push(decodeMessage(text))
        const kind = kinds[index % kinds.length]
        if (kind === undefined) continue
        await chat.append([kind])
        expected.push(kind)
      }
      expect(theirs.length).toBeGreaterThan(30)
      expect(await chat.messages()).toEqual(expected)
      const asPythonReads = await read('both', 'messages_from_beginning', expected.length)
      expect(asPythonReads.map(message => message.type)).toEqual(expected.map(message => message.type))
      // Ours as Python gives them back, with all that it knows of.
      const ours = asPythonReads.slice(1).filter((_, index) => index % 2 === 1)
      for (const [index, message] of ours.entries()) {
        const { content, id, name, tool_calls, tool_call_id, status, artifact, role } = kinds[index % kinds.length]?.data ?? {}
        const wanted = { content, id, name, tool_calls, tool_call_id, status, artifact, role }
        expect(message.data).toMatchObject(Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)))
      }
      expect(ours).toHaveLength(theirs.length)
    })

    test('60 messages in turn: one order for both readers', async () => {
      const chat = chatOf('turns')
      for (const number of range(60)) {
        if (number % 2 === 0) await chat.append([human(`${number}`)])
        else await add('turns', [human(`${number}`)])
      }
      expect(contents(await chat.messages())).toEqual(texts(60))
      expect(contents(await read('turns', 'messages_from_beginning', 60))).toEqual(texts(60))
      expect(contents(await chat.messages({ last: 3 }))).toEqual(['57', '58', '59'])
    })

    test('it reads a session whose id is no name for a topic, under the name that the id becomes', async () => {
      await chatOf('user:1').append([human('hi')])
      expect(contents(await read('hx--user-3a1', 'messages_from_beginning', 1))).toEqual(['hi'])
    })

    test('compressed records: gzip is read; what kafkajs has no codec for is UNSUPPORTED, and says what to do', async () => {
      const chat = chatOf('compressed')
      await chat.append([human('ours')])
      const value = (content: string) => JSON.stringify({ type: 'human', data: { content: content.repeat(100) } })
      await peer.call('produce', { ...on('compressed'), value: value('gzip '), compression: 'gzip' })
      expect(contents(await chat.messages())).toEqual(['ours', 'gzip '.repeat(100)])
      await peer.call('produce', { ...on('compressed'), value: value('lz4 '), compression: 'lz4' })
      await expect(chat.messages()).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        retryable: false,
        message: expect.stringContaining('CompressionCodecs'),
      })
    })

    describe('of three partitions, as it makes them', () => {
      test('what it once wrote is read in the order of its calls, whole, as a window, and page by page', async () => {
        const topic = topicOf('recorded')
        await createTopic(admin, { topic, numPartitions: 3 })
        const producer = kafka.producer()
        await producer.connect()
        // The broker refuses times that are far ahead, and deletes old ones.
        const shift = Date.now() - (recorded.at(-1)?.timestamp ?? 0)
        for (const { partition, value, timestamp } of recorded)
          await producer.send({ topic, messages: [{ partition, value, timestamp: `${timestamp + shift}` }] })
        await producer.disconnect()

        const expected = recorded.map(({ value }) => decodeMessage(value))
        expect(expected).toHaveLength(20)
        const chat = chatOf('recorded')
        expect(await chat.messages()).toEqual(expected)
        expect(await chat.messages({ last: 7 })).toEqual(expected.slice(-7))
        const paged: StoredMessage[] = []
        for await (const { message } of chat.entries({ order: 'newest-first', pageSize: 3 })) paged.unshift(message)
        expect(paged).toEqual(expected)
        const asPythonReads = await read('recorded', 'messages_from_beginning', 20)
        const sorted = (messages: StoredMessage[]) => messages.map(({ type, data }) => `${type} ${data.content}`).sort()
        expect(sorted(asPythonReads)).toEqual(sorted(expected))
      })

      test('what we append to them comes last, for both readers', async () => {
        await add('appended-to', numbers(6), { one_by_one: true })
        await chatOf('appended-to').append([human('ours'), human('ours too')])
        expect(contents(await chatOf('appended-to').messages())).toEqual([...texts(6), 'ours', 'ours too'])
        const asPythonReads = contents(await read('appended-to', 'messages_from_beginning', 8))
        expect(asPythonReads.indexOf('ours too')).toBe(asPythonReads.indexOf('ours') + 1)
      })
    })

    describe('the place that both share', () => {
      test('each goes on where the other one was', async () => {
        const history = open('shared')
        await history.addMessages(texts(9).map(text => new HumanMessage(text)))
        expect(contents(await read('shared', 'messages_from_beginning', 2))).toEqual(['0', '1'])
        expect(contentsOf(await history.messagesFromLastConsumed({ maxMessageCount: 3 }))).toEqual(['2', '3', '4'])
        expect(contents(await read('shared', 'messages_from_last_consumed', 2))).toEqual(['5', '6'])
        expect(contentsOf(await history.messagesFromLastConsumed())).toEqual(['7', '8'])
        expect(contentsOf(await history.messagesFromBeginning({ maxMessageCount: 1 }))).toEqual(['0'])
        expect(contents(await read('shared', 'messages_from_last_consumed', 1))).toEqual(['1'])
        expect(await peer.call('committed', on('shared'))).toMatchObject([{ offset: 2 }])
        await history.close()
      })

      test('in three partitions, too: between us, each message is read once', async () => {
        await add('shared-by-three', numbers(12), { one_by_one: true })
        const history = open('shared-by-three')
        const ours = contentsOf(await history.messagesFromLastConsumed({ maxMessageCount: 4 }))
        expect(ours).toEqual(texts(4))
        const theirs = contents(await read('shared-by-three', 'messages_from_last_consumed', 5))
        const rest = contentsOf(await history.messagesFromLastConsumed({ maxMessageCount: 100 }))
        expect([...ours, ...theirs, ...rest].map(Number).sort((one, other) => one - other)).toEqual(range(12))
        await history.close()
      })

      test('the note that someone left with it is kept', async () => {
        const history = open('noted')
        await history.addMessages(texts(5).map(text => new HumanMessage(text)))
        await peer.call('commit', { ...on('noted'), offset: 2, metadata: 'checked by hand' })
        expect(contentsOf(await history.messagesFromLastConsumed({ maxMessageCount: 2 }))).toEqual(['2', '3'])
        expect(await peer.call('committed', on('noted'))).toEqual([{ offset: 4, metadata: 'checked by hand' }])
        await history.close()
      })

      test('a Python reader that is at it makes ours a conflict, and nothing is skipped', async () => {
        const history = open('joined')
        await history.addUserMessage('0')
        await peer.call('join', on('joined'))
        await expect(history.messagesFromLastConsumed({ maxTimeSec: 1 })).rejects.toMatchObject({
          code: 'CONFLICT',
          retryable: true,
        })
        expect(await history.getMessages()).toHaveLength(1)
        const reading = history.messagesFromLastConsumed({ maxTimeSec: PATIENTLY })
        await peer.call('leave', on('joined'))
        expect(contentsOf(await reading)).toEqual(['0'])
        await history.close()
      })
    })

    describe('what is wrong with it, and what ours does on the same topic', () => {
      test('(a) it stops at 5 messages, and (b) the next read of the same is another one', async () => {
        await add('stateful', numbers(8), { one_by_one: true, partition: 1 })
        const theirs = async () => contents((await peer.call('messages', on('stateful'))) as StoredMessage[])
        expect(await theirs()).toEqual(texts(5))
        expect(await theirs()).toEqual(texts(3, 5))
        const history = open('stateful')
        for (const _ of range(2)) expect(contentsOf(await history.getMessages())).toEqual(texts(8))
        await history.close()
      })

      test('(c) it reads its own three partitions in no order, and (d) from the beginning again leaves messages out', async () => {
        await add('three', numbers(100), { one_by_one: true })
        const theirs = contents(await read('three', 'messages_from_beginning', 100))
        expect(theirs).not.toEqual(texts(100))
        expect(theirs.map(Number).sort((one, other) => one - other)).toEqual(range(100))
        const history = open('three')
        expect(contentsOf(await history.getMessages())).toEqual(texts(100))

        const again = await read('three', 'messages_from_beginning', 2)
        const rest = await read('three', 'messages_from_last_consumed', 98, BRIEFLY)
        expect(again.length + rest.length).toBeLessThan(100)
        expect(contentsOf(await history.messagesFromBeginning({ maxMessageCount: 2 }))).toEqual(texts(2))
        expect(contentsOf(await history.messagesFromLastConsumed({ maxMessageCount: 1_000 }))).toEqual(texts(98, 2))
        await history.close()
      })

      test('(e) what it adds after it cleared is lost; ours is there, also for it', async () => {
        await add('cleared', numbers(2), { one_by_one: true })
        await peer.call('clear', on('cleared'))
        await add('cleared', [human('lost')])
        await peer.call('forget', on('cleared'))
        const history = open('cleared')
        await expect.poll(async () => contentsOf(await history.getMessages()), { timeout: 10_000 }).toEqual([])

        const { own, topicPrefix } = database
        const deleting = new KafkaChatMessageHistory({ ...own, topicPrefix, clearMode: 'delete-topic', sessionId: 'cleared' })
        await deleting.addUserMessage('again')
        await deleting.clear()
        await deleting.addUserMessage('kept')
        expect(contentsOf(await history.getMessages())).toEqual(['kept'])
        expect(contents(await read('cleared', 'messages_from_beginning', 1))).toEqual(['kept'])
        await Promise.all([history.close(), deleting.close()])
      })

      test('(f) it cannot clear what is not there', async () => {
        await add('missing', [human('hi')])
        await peer.call('clear', on('missing'))
        await expect(peer.call('clear', on('missing'))).rejects.toThrow(/UNKNOWN_TOPIC_OR_PART/)
        const history = open('missing')
        await history.clear()
        await history.clear()
        expect(await history.getMessages()).toEqual([])
        await history.close()
      })
    })
  })
})

function contentsOf(messages: readonly BaseMessage[]): unknown[] {
  return messages.map(message => message.content)
}
