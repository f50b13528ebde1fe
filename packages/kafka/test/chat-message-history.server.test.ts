import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createMemoryHistory, HistoryError } from '@hist/core'
import { createKafkaHistory, KafkaChatMessageHistory } from '@hist/kafka'
import { describeWithServer } from '@hist/servers/vitest'
import { AIMessage, type BaseMessage, HumanMessage } from '@langchain/core/messages'
import { RunnableLambda, RunnableWithMessageHistory } from '@langchain/core/runnables'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { createTopic, type Database, openDatabase } from './database.js'
import { openOffsets } from './offsets.js'

const HERE = fileURLToPath(new URL('.', import.meta.url))

describeWithServer('kafka', 'KafkaChatMessageHistory', address => {
  let database: Database
  let kafka: kafkajs.Kafka
  let admin: kafkajs.Admin
  let settings: Database['own'] & { readonly topicPrefix: string }
  beforeAll(async () => {
    database = openDatabase(address)
    const { own, topicPrefix } = database
    settings = { ...own, topicPrefix }
    const { logLevel } = kafkajs
    kafka = new kafkajs.Kafka({ ...own.clientOptions, brokers: own.bootstrapServers.split(','), logLevel: logLevel.NOTHING })
    admin = kafka.admin()
    await admin.connect()
  })
  afterAll(async () => {
    await admin.disconnect()
    await database.close()
  })

  const open = (sessionId: string) => new KafkaChatMessageHistory({ ...settings, sessionId })
  const topicOf = (sessionId: string) => database.topicPrefix + sessionId
  /** With 3 partitions as Python's class makes it, and the numbers in turn in its partitions. */
  const spread = async (sessionId: string, count: number) => {
    const topic = topicOf(sessionId)
    await createTopic(admin, { topic, numPartitions: 3 })
    const producer = kafka.producer()
    await producer.connect()
    const since = Date.now() - count * 10
    for (const number of range(count)) {
      const value = JSON.stringify(human(`${number}`))
      await producer.send({ topic, messages: [{ partition: number % 3, timestamp: `${since + number * 10}`, value }] })
    }
    await producer.disconnect()
  }
  const committed = async (sessionId: string) => {
    const topic = topicOf(sessionId)
    const [offsets] = await admin.fetchOffsets({ groupId: topic, topics: [topic] })
    return offsets?.partitions.sort((one, other) => one.partition - other.partition).map(({ offset }) => Number(offset))
  }
  const commit = async (sessionId: string, offset: bigint) => {
    const { offsets, close } = await openOffsets(kafka)
    await offsets.commit(topicOf(sessionId), new Map([[0, { offset, metadata: null }]]))
    await close()
  }
  const groups = async () => {
    const all = await admin.listGroups()
    return all.groups.filter(({ groupId }) => groupId.startsWith(database.topicPrefix))
  }

  test('keeps and clears a session', async () => {
    const history = open('s')
    await history.addMessages([new HumanMessage('hi'), new AIMessage('hello')])
    await history.addUserMessage('and')
    await history.addAIMessage('so on')
    expect(contents(await history.getMessages())).toEqual(['hi', 'hello', 'and', 'so on'])
    await history.clear()
    expect(await history.getMessages()).toEqual([])
    await history.close()
  })

  test("takes the options of Python's class", async () => {
    const { clientOptions, topicPrefix, bootstrapServers } = settings
    const python = { bootstrapServers, ttlMs: 3_600_000, replicationFactor: 1, partition: 3 }
    const history = new KafkaChatMessageHistory({ ...python, sessionId: 'made', clientOptions, topicPrefix })
    await history.addUserMessage('hi')
    const { topics } = await admin.fetchTopicMetadata({ topics: [topicOf('made')] })
    expect(topics[0]?.partitions).toHaveLength(3)
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topicOf('made'), configNames: ['retention.ms'] }],
    })
    expect(resources[0]?.configEntries[0]?.configValue).toBe('3600000')
    await history.close()
  })

  test('100 instances for ten sessions at once, as RunnableWithMessageHistory makes them, share a store', async () => {
    const before = openSockets()
    const histories: KafkaChatMessageHistory[] = []
    const chain = new RunnableWithMessageHistory({
      runnable: RunnableLambda.from(async () => new AIMessage('hello')),
      getMessageHistory: sessionId => {
        const history = new KafkaChatMessageHistory({ ...settings, ttlMs: -1, sessionId, window: { last: 4 } })
        histories.push(history)
        return history
      },
    })
    await Promise.all(
      range(100).map(number =>
        chain.invoke([new HumanMessage(`hi ${number}`)], { configurable: { sessionId: `${number % 10}` } }),
      ),
    )
    // Readers and writers have connections of their own, and fetches one more; each pool keeps the one that it began with.
    expect(openSockets() - before).toBeLessThanOrEqual(6)
    expect(await histories.find(({ history }) => history.sessionId === '3')?.history.messages()).toHaveLength(20)
    await Promise.all(histories.map(history => history.close()))
    await expect.poll(openSockets, { timeout: 10_000 }).toBe(before)
  })

  test('gives an injected client back as it was', async () => {
    const { topicPrefix } = settings
    const history = new KafkaChatMessageHistory({ client: kafka, topicPrefix, sessionId: 'injected' })
    await history.addUserMessage('hi')
    await history.messagesFromLatest({ maxTimeSec: 0.1 })
    await history.close()
    expect(await admin.listTopics()).toContain(topicOf('injected'))
  })

  describe.each(['module', 'commonjs'] as const)('a process exits after close(), as %s', kind => {
    const load =
      kind === 'module'
        ? "import { KafkaChatMessageHistory } from '@hist/kafka'; import { createKafkaHistory } from '@hist/kafka/store'"
        : "const { KafkaChatMessageHistory } = require('@hist/kafka'); const { createKafkaHistory } = require('@hist/kafka/store')"
    const run = async (body: string) => {
      const program = `${load}
        const settings = ${JSON.stringify(settings)}
        const sockets = () => process.getActiveResourcesInfo().filter(resource => resource === 'TCPSocketWrap').length
        const main = async () => { ${body} }
        main().catch(error => console.log(String(error)))`
      const { stdout, stderr } = await promisify(execFile)('node', ['--input-type', kind, '--eval', program], {
        cwd: HERE,
        timeout: 20_000,
      })
      return stdout + stderr
    }

    test('with everything that it has opened', async () => {
      const body = `
        const history = new KafkaChatMessageHistory({ ...settings, sessionId: 'exits as ${kind}' })
        await history.addUserMessage('hi')
        await history.getMessages()
        const consumed = await history.messagesFromLastConsumed()
        console.log(consumed.length, (await history.messagesFromLatest({ maxTimeSec: 0.1 })).length, sockets() > 0)
        await history.close()
        console.log(sockets())`
      expect(await run(body)).toBe('1 0 true\n0\n')
    }, 30_000)

    test('while it waits for messages', async () => {
      const body = `
        const store = createKafkaHistory(settings)
        const history = new KafkaChatMessageHistory({ store, sessionId: 'waits as ${kind}' })
        await history.addUserMessage('hi')
        const waiting = history.messagesFromLatest({ maxTimeSec: 3600 }).catch(error => console.log(error.code))
        await history.getMessages()
        await store.close()
        await waiting`
      expect(await run(body)).toBe('CLOSED\n')
    }, 30_000)
  })

  describe("Python's ways to read", () => {
    test('from the beginning, then on from the last consumed, each message once; getMessages() has all of them always', async () => {
      const history = open('consumed')
      await history.addMessages(range(8).map(number => new HumanMessage(`${number}`)))
      expect(contents(await history.messagesFromLastConsumed({ maxMessageCount: 3 }))).toEqual(['0', '1', '2'])
      expect(await committed('consumed')).toEqual([3])
      expect(contents(await history.messagesFromLastConsumed())).toEqual(['3', '4', '5', '6', '7'])
      expect(await history.messagesFromLastConsumed()).toEqual([])
      expect(contents(await history.messagesFromBeginning())).toEqual(['0', '1', '2', '3', '4'])
      expect(contents(await open('consumed').messagesFromLastConsumed())).toEqual(['5', '6', '7'])
      await history.addUserMessage('8')
      expect(contents(await history.messagesFromLastConsumed())).toEqual(['8'])
      expect(await history.getMessages()).toHaveLength(9)
    })

    test('of three partitions: merged by time, and the place is behind what was returned in each', async () => {
      await spread('spread', 10)
      const history = open('spread')
      expect(contents(await history.messagesFromLastConsumed())).toEqual(['0', '1', '2', '3', '4'])
      expect(await committed('spread')).toEqual([2, 2, 1])
      expect(contents(await history.messagesFromLastConsumed({ maxMessageCount: 10 }))).toEqual(['5', '6', '7', '8', '9'])
      expect(await committed('spread')).toEqual([4, 3, 3])
      expect(contents(await history.messagesFromBeginning({ maxMessageCount: 2 }))).toEqual(['0', '1'])
      expect(await committed('spread')).toEqual([1, 1, 0])
      expect(contents(await history.messagesFromLastConsumed({ maxMessageCount: 100 }))).toEqual(
        range(8).map(number => `${number + 2}`),
      )
    })

    test('of partitions that nothing was returned of, nothing is committed', async () => {
      await spread('partly', 6)
      const history = open('partly')
      await history.messagesFromBeginning({ maxMessageCount: 1 })
      expect(await committed('partly')).toEqual([1, -1, -1])
    })

    test('goes on where messages still are: behind a clear, and in a topic that was made anew', async () => {
      const history = open('cleared')
      await history.addMessages(range(3).map(number => new HumanMessage(`${number}`)))
      await history.messagesFromLastConsumed({ maxMessageCount: 1 })
      await history.clear()
      await history.addUserMessage('after')
      expect(contents(await history.messagesFromLastConsumed())).toEqual(['after'])
      await admin.deleteTopics({ topics: [topicOf('cleared')] })
      await history.addUserMessage('anew')
      await commit('cleared', 4n)
      expect(contents(await history.messagesFromLastConsumed())).toEqual(['anew'])
    })

    test('from the latest: what comes after the call, as soon as it is there', async () => {
      const [history, other] = [open('latest'), open('latest')]
      await history.addMessages(range(3).map(number => new HumanMessage(`old ${number}`)))
      expect(await history.messagesFromLatest({ maxTimeSec: 0.2 })).toEqual([])
      let received: BaseMessage[] | undefined
      const receiving = history.messagesFromLatest({ maxTimeSec: 60 }).then(messages => {
        received = messages
      })
      let sent = 0
      for (; received === undefined; sent++) await other.addMessages([new HumanMessage(`${sent} a`), new AIMessage(`${sent} b`)])
      await receiving
      const all = range(sent).flatMap(number => [`${number} a`, `${number} b`])
      const first = all.indexOf(`${contents(received)[0]}`)
      expect(contents(received)).toEqual(all.slice(first, first + Math.min(5, all.length - first)).slice(0, received?.length))
      // An append becomes visible as a whole.
      expect(received?.length === 5 || (received?.length ?? 1) % 2 === 0).toBe(true)
      const rest = await history.messagesFromLastConsumed({ maxMessageCount: 100_000 })
      expect(contents(rest)).toEqual(all.slice(first + (received?.length ?? 0)))
    })

    test('from the latest of a topic that is not there yet, and of 40 at the same time: each hears of its own', async () => {
      const names = range(40).map(number => `many ${number}`)
      const histories = names.map(open)
      const heard = new Map<string, readonly unknown[]>()
      const receiving = histories.map(async history => {
        heard.set(history.history.sessionId, contents(await history.messagesFromLatest({ maxTimeSec: 60, maxMessageCount: 1 })))
      })
      while (heard.size < names.length) {
        const waiting = histories.filter(({ history }) => !heard.has(history.sessionId))
        await Promise.all(waiting.map(history => history.addUserMessage(`for ${history.history.sessionId}`)))
      }
      await Promise.all(receiving)
      expect(heard).toEqual(new Map(names.map(name => [name, [`for ${name}`]])))
    })

    test('from the latest goes on when the topic is deleted and made again', async () => {
      const history = open('remade')
      await history.addMessages(range(5).map(number => new HumanMessage(`old ${number}`)))
      let received: BaseMessage[] | undefined
      const receiving = history.messagesFromLatest({ maxTimeSec: 60 }).then(messages => {
        received = messages
      })
      await admin.deleteTopics({ topics: [topicOf('remade')] })
      while (received === undefined) await history.addUserMessage('new')
      await receiving
      expect(new Set(contents(received))).toEqual(new Set(['new']))
    })

    test('what cannot be read is no progress, unless it is to be skipped', async () => {
      await open('corrupt').addUserMessage('0')
      const producer = kafka.producer()
      await producer.connect()
      await producer.send({ topic: topicOf('corrupt'), messages: [{ value: 'not JSON' }] })
      await producer.disconnect()
      await open('corrupt').addUserMessage('1')
      await expect(open('corrupt').messagesFromLastConsumed()).rejects.toMatchObject({
        code: 'CORRUPT_ENTRY',
        backend: 'kafka',
        session: 'corrupt',
        entry: expect.stringMatching(/^[\w-]+$/),
      })
      expect(await committed('corrupt')).toEqual([-1])
      const skipping = new KafkaChatMessageHistory({
        ...settings,
        sessionId: 'corrupt',
        onCorruptEntry: 'skip',
        onWarning: () => undefined,
      })
      expect(contents(await skipping.messagesFromLastConsumed())).toEqual(['0', '1'])
      expect(await committed('corrupt')).toEqual([3])
      await skipping.close()
    })

    test('no other read makes a group, nor these of a topic that is not there', async () => {
      const history = open('no group')
      await history.addUserMessage('hi')
      const before = await groups()
      await history.getMessages()
      await history.history.messages({ last: 1 })
      const missing = open('missing')
      expect(await missing.messagesFromBeginning()).toEqual([])
      expect(await missing.messagesFromLastConsumed()).toEqual([])
      expect(await missing.messagesFromLatest({ maxTimeSec: 0.1 })).toEqual([])
      expect(await groups()).toEqual(before)
      expect((await admin.listTopics()).filter(topic => topic.includes('missing'))).toEqual([])
    })

    test('with a store: one of Kafka is needed', async () => {
      const store = createKafkaHistory(settings)
      const history = new KafkaChatMessageHistory({ store, sessionId: 'with a store' })
      await history.addUserMessage('hi')
      expect(contents(await history.messagesFromBeginning())).toEqual(['hi'])
      await store.close()
      await expect(history.messagesFromBeginning()).rejects.toMatchObject({
        code: 'CLOSED',
        backend: 'kafka',
        session: 'with a store',
      })
      const other = new KafkaChatMessageHistory({ store: createMemoryHistory(), sessionId: 's' })
      await other.addUserMessage('hi')
      await expect(other.messagesFromBeginning()).rejects.toThrow(
        new TypeError('messagesFromBeginning: the store must be one that createKafkaHistory made'),
      )
    })

    test('after close() they are refused, also while others share the store', async () => {
      const [history, other] = [open('closed'), open('closed')]
      await history.close()
      await expect(history.messagesFromLatest()).rejects.toThrow(HistoryError)
      await expect(history.messagesFromLatest()).rejects.toMatchObject({ code: 'CLOSED', session: 'closed' })
      expect(await other.messagesFromBeginning()).toEqual([])
      await other.close()
    })

    test.each([
      [{ maxMessageCount: 0 }, /maxMessageCount must be an integer from 1/],
      [{ maxTimeSec: 0 }, /maxTimeSec must be a number of seconds above 0/],
      [{ max_time_sec: 1 }, /unknown option 'max_time_sec'; the name here is maxTimeSec/],
    ])('refuses %j', async (options, text) => {
      const error = await open('s')
        .messagesFromBeginning(options as object)
        .catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(TypeError)
      expect(String(error)).toMatch(text)
    })

    test('their deadline is maxTimeSec', async () => {
      const client = { ...settings, bootstrapServers: '127.0.0.1:1' }
      const history = new KafkaChatMessageHistory({ ...client, sessionId: 's' })
      await expect(history.messagesFromLastConsumed({ maxTimeSec: 0.5 })).rejects.toMatchObject({
        code: expect.stringMatching(/^(UNAVAILABLE|TIMEOUT)$/),
        retryable: true,
      })
      await history.close()
    })
  })
})

function contents(messages: readonly BaseMessage[] | undefined): unknown[] {
  return (messages ?? []).map(message => message.content)
}

/** Of this process. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap').length
}
