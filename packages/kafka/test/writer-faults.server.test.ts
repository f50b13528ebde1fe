import type { HistoryStore, StoredMessage } from '@hist/core'
import { createTestClock } from '@hist/core/conformance'
import type { KafkaFault, KafkaRequest } from '@hist/fault-proxy/kafka'
import { type KafkaAddress, type KafkaCluster, startKafka } from '@hist/servers'
import { describeWithJava, describeWithServer } from '@hist/servers/vitest'
import kafkajs, { type Admin, type KafkaConfig } from 'kafkajs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { randomFrom, range } from '../../core/test/numbers.js'
import {
  door,
  failureOf,
  metadataRefusal,
  OUT_OF_ORDER_SEQUENCE_NUMBER,
  produceAs,
  refusal,
  startWire,
  TOPIC_AUTHORIZATION_FAILED,
  type Wire,
  withError,
} from './behind-proxy.js'
import { createTopic, type Database, openDatabase } from './database.js'

type Fault = (request: KafkaRequest) => KafkaFault | undefined

const QUICK = { requestTimeout: 1_500 }

/** The messages as they are in the log, copies included. */
async function log(database: Database, session: string): Promise<unknown[]> {
  const records = await database.records(database.topicPrefix + session)
  return contents(records.map(({ value }): StoredMessage => JSON.parse(String(value))))
}

describeWithServer('kafka', 'appends whose requests fail', address => {
  let database: Database
  let wire: Wire
  let store: HistoryStore

  const open = (more: Partial<KafkaConfig> = {}) => database.store({}, { ...wire.clientOptions, ...more })
  const topicOf = (session: string) => database.topicPrefix + session
  const stored = (session: string) => log(database, session)
  const first = async (session: string) => {
    await store.session(session).append([human('first')])
    wire.reset()
  }

  beforeAll(async () => {
    wire = await startWire()
    database = openDatabase(address)
  })
  beforeEach(() => {
    wire.reset()
    store = open(QUICK)
  })
  afterAll(async () => {
    wire?.reset()
    await database?.close()
    await wire?.proxy.close()
  })

  test.each<[string, KafkaFault]>([
    ['an acknowledgement cut off after the broker took the batch', 'cut-after'],
    ['a request that is lost with its connection', 'drop-before'],
    ['an answer that never comes', 'lose-answer'],
    ['a request that never arrives', 'hold-request'],
    ['an answer that comes after the next attempt has begun', { delayAnswerMs: 2_500 }],
    ['a request that arrives after the next attempt has begun', { delayMs: 2_500 }],
  ])('%s: the append is acknowledged, and stored once', async (title, fault) => {
    const session = `one ${typeof fault === 'string' ? fault : Object.keys(fault)}`
    await first(session.replaceAll(' ', '-'))
    wire.produce(({ nth }) => (nth === 1 ? fault : undefined))
    const chat = store.session(session.replaceAll(' ', '-'))
    await chat.append([human('a'), human('b')])
    expect(wire.proxy.count('Produce'), title).toBe(2)
    await chat.append([human('c')])
    expect(await stored(chat.sessionId)).toEqual(['first', 'a', 'b', 'c'])
    expect(contents(await chat.messages())).toEqual(['first', 'a', 'b', 'c'])
    const [attempt, repeat, next] = wire.sentTo(topicOf(chat.sessionId))
    expect(repeat).toEqual(attempt)
    expect(next).toEqual({ ...attempt, sequence: 3, count: 1 })
  })

  test.each([1])(
    'twelve sessions, a fifth of all requests goes wrong (seed %i): each message once, in order, under one producer id',
    {
      timeout: 90_000,
    },
    async seed => {
      const random = randomFrom(seed)
      const faults = new Map<string, number>()
      wire.produce(() => {
        if (random() >= 0.2) return undefined
        const kind = random()
        const fault: KafkaFault =
          kind < 0.4
            ? 'cut-after'
            : kind < 0.7
              ? 'drop-before'
              : kind < 0.8
                ? 'lose-answer'
                : { delayAnswerMs: 100 + random() * 400 }
        const name = typeof fault === 'string' ? fault : 'delayed'
        faults.set(name, (faults.get(name) ?? 0) + 1)
        return fault
      })
      const began = performance.now()
      let longest = 0
      const expected = await Promise.all(
        range(12).map(async number => {
          const chat = store.session(`storm-${seed}-${number}`)
          const texts: string[] = []
          for (let index = 0; index < 50; index += 1) {
            const turn = range(1 + Math.floor(random() * 3)).map(part => `${index}.${part}`)
            const start = performance.now()
            await chat.append(turn.map(human))
            longest = Math.max(longest, performance.now() - start)
            texts.push(...turn)
          }
          return { chat, texts }
        }),
      )
      const elapsed = performance.now() - began
      wire.produce(() => undefined)
      for (const { chat, texts } of expected) {
        expect(await stored(chat.sessionId)).toEqual(texts)
        expect(contents(await chat.messages())).toEqual(texts)
      }
      expect(new Set(wire.sent.map(({ producerId }) => producerId)).size).toBe(1)
      expect(new Set(wire.sent.map(({ producerEpoch }) => producerEpoch))).toEqual(new Set([0]))
      expect(wire.sent.length).toBeGreaterThan(600)
      console.info(
        `Faults, seed ${seed}: 600 appends in ${wire.sent.length} batches, ${wire.proxy.count('Produce')} requests, ` +
          `${JSON.stringify(Object.fromEntries(faults))}; ${elapsed.toFixed(0)} ms, longest append ${longest.toFixed(0)} ms`,
      )
    },
  )

  describe('an append that is given up while its answers are lost is of unknown outcome', () => {
    async function givenUp(session: string, fault: KafkaFault) {
      await first(session)
      wire.produce(() => fault)
      const chat = store.session(session)
      const turn = [human('a'), human('b')]
      const error = await failureOf(chat.append(turn, { timeoutMs: 1_500 }))
      expect(error).toMatchObject({ outcome: 'unknown', retryable: true, backend: 'kafka', session })
      expect(['TIMEOUT', 'UNAVAILABLE']).toContain(error.code)
      expect(error.message).toContain('same id')
      return { chat, turn, id: error.appendId ?? '' }
    }

    test.each<[string, KafkaFault]>([
      ['stored', 'lose-answer'],
      ['not stored', 'hold-request'],
    ])('repeated with its id, it keeps its place in the sequence, and is there once (%s)', async (name, fault) => {
      const { chat, turn, id } = await givenUp(`repeated-${fault}`, fault)
      const [attempt] = wire.sentTo(topicOf(chat.sessionId))
      wire.reset()
      await chat.append(turn, { id })
      expect(await stored(chat.sessionId), name).toEqual(['first', 'a', 'b'])
      expect(wire.sentTo(topicOf(chat.sessionId))).toEqual([attempt])
      await chat.append([human('c')])
      expect(contents(await chat.messages())).toEqual(['first', 'a', 'b', 'c'])
    })

    test.each<[string, KafkaFault, string[]]>([
      ['stored', 'lose-answer', ['first', 'a', 'b', 'c']],
      ['not stored', 'hold-request', ['first', 'c', 'a', 'b']],
    ])('another append goes first, in the next epoch; then the repeat looks for itself (%s)', async (_, fault, expected) => {
      const { chat, turn, id } = await givenUp(`another-${fault}`, fault)
      const [attempt] = wire.sentTo(topicOf(chat.sessionId))
      wire.reset()
      await chat.append([human('c')])
      expect(wire.sentTo(topicOf(chat.sessionId))).toEqual([{ ...attempt, epoch: 1, sequence: 0, count: 1 }])
      await chat.append(turn, { id })
      expect(await stored(chat.sessionId)).toEqual(expected)
      await chat.append(turn, { id })
      await chat.append([human('d')])
      expect(contents(await chat.messages())).toEqual([...expected, 'd'])
      expect(await stored(chat.sessionId)).toEqual([...expected, 'd'])
    })

    test.each<[string, KafkaFault]>([
      ['stored', 'lose-answer'],
      ['not stored', 'hold-request'],
    ])('repeated by another store, as after a restart, it looks for itself (%s)', async (_, fault) => {
      const { turn, chat, id } = await givenUp(`restarted-${fault}`, fault)
      wire.reset()
      const later = open().session(chat.sessionId)
      await later.append(turn, { id })
      await later.append(turn, { id })
      expect(await stored(chat.sessionId)).toEqual(['first', 'a', 'b'])
      await later.append([human('c')])
      expect(contents(await later.messages())).toEqual(['first', 'a', 'b', 'c'])
    })

    test('a late copy of it, after another append was acknowledged, is refused by the broker', async () => {
      await first('late')
      const late = door()
      wire.produce(async ({ nth }) => {
        if (nth === 1) await late.passed
        return undefined
      })
      const chat = store.session('late')
      const turn = [human('a'), human('b')]
      const { appendId: id } = await failureOf(chat.append(turn, { timeoutMs: 1_500 }))
      // In its turn, when the first request has been given up: over another connection.
      await chat.append([human('c')])
      late.open()
      const [{ producerId, epoch, sequence } = { producerId: 0n, epoch: 0, sequence: 0 }] = wire.sentTo(topicOf('late'))
      const copy = turn.map(message => ({ key: null, value: JSON.stringify(message) }))
      const arrival = produceAs({ producerId, epoch, sequence }, address, topicOf('late'), copy)
      await expect(arrival).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' })
      await chat.append(turn, { id })
      expect(await stored('late')).toEqual(['first', 'c', 'a', 'b'])
      expect(wire.sentTo(topicOf('late')).map(({ epoch, sequence }) => [epoch, sequence])).toEqual([
        [0, 1],
        [1, 0],
        [1, 1],
      ])
    })
  })

  describe('the caller aborts', () => {
    test('while the append waits for its turn at the broker: it fails, and is never stored', async () => {
      const sessions = ['busy-1', 'busy-2', 'waiting']
      for (const session of sessions) await first(session)
      const held = door()
      wire.produce(async () => {
        await held.passed
        return undefined
      })
      const others = ['busy-1', 'busy-2'].map(session => store.session(session).append([human('a')]))
      await expect.poll(() => wire.proxy.count('Produce')).toBe(2)
      const abort = new AbortController()
      const waiting = failureOf(store.session('waiting').append([human('a')], { signal: abort.signal }))
      await new Promise(resolve => setTimeout(resolve, 50))
      abort.abort()
      expect(await waiting).toMatchObject({ code: 'ABORTED', outcome: 'failed' })
      held.open()
      await Promise.all(others)
      await store.session('waiting').append([human('b')])
      expect(await stored('waiting')).toEqual(['first', 'b'])
      expect(wire.sentTo(topicOf('waiting')).map(({ epoch, sequence }) => [epoch, sequence])).toEqual([[0, 1]])
    })

    test('while it is on its way: the outcome is unknown, and with the same id it is there once', async () => {
      await first('aborted')
      const held = door()
      wire.produce(async () => {
        await held.passed
        return undefined
      })
      const abort = new AbortController()
      const chat = store.session('aborted')
      const turn = [human('a'), human('b')]
      const running = failureOf(chat.append(turn, { signal: abort.signal }))
      await expect.poll(() => wire.proxy.count('Produce')).toBe(1)
      abort.abort()
      const error = await running
      expect(error).toMatchObject({ code: 'ABORTED', outcome: 'unknown', retryable: false })
      const repeat = chat.append(turn, { id: error.appendId })
      held.open()
      await repeat
      expect(await stored('aborted')).toEqual(['first', 'a', 'b'])
    })

    test('while a connection is made for it: it fails, and is never stored', async () => {
      const held = door()
      let entrance = Promise.resolve()
      const { socketFactory } = wire.proxy
      const slowly: typeof socketFactory = ({ onConnect, ...broker }) =>
        socketFactory({ ...broker, onConnect: () => entrance.then(onConnect) })
      const chat = open({ socketFactory: slowly, connectionTimeout: 10_000 }).session('connecting')
      await chat.append([human('first')])
      wire.reset()
      entrance = held.passed
      wire.proxy.cutConnections()
      // By then the client has noticed.
      await failureOf(chat.messages({ timeoutMs: 300 }))
      const error = await failureOf(chat.append([human('a')], { timeoutMs: 300 }))
      expect(error).toMatchObject({ outcome: 'failed', retryable: true })
      held.open()
      await chat.append([human('b')])
      expect(await stored('connecting')).toEqual(['first', 'b'])
      expect(wire.sentTo(topicOf('connecting')).map(({ epoch, sequence }) => [epoch, sequence])).toEqual([[0, 1]])
    })

    test('no broker can be reached: the append fails, and is never stored', async () => {
      await first('unreachable')
      for (const server of address.bootstrapServers.split(',')) wire.proxy.blockPort(Number(server.split(':')[1]))
      wire.proxy.cutConnections()
      const chat = store.session('unreachable')
      // By then the client has noticed.
      expect(await failureOf(chat.messages({ timeoutMs: 500 }))).toMatchObject({ outcome: 'failed', retryable: true })
      const error = await failureOf(chat.append([human('a')], { timeoutMs: 1_000 }))
      expect(error).toMatchObject({ outcome: 'failed', retryable: true })
      wire.reset()
      await chat.append([human('b')])
      expect(await stored('unreachable')).toEqual(['first', 'b'])
    })
  })

  describe('the broker counts otherwise', () => {
    test.each<[string, (topic: string) => KafkaFault]>([
      ['the batch is stored', () => ({ answer: withError(OUT_OF_ORDER_SEQUENCE_NUMBER) })],
      ['the batch is not stored', topic => ({ reply: refusal(topic, OUT_OF_ORDER_SEQUENCE_NUMBER) })],
    ])('%s: one copy, and the next append is right', async (title, fault) => {
      const session = title.replaceAll(' ', '-')
      await first(session)
      wire.produce(({ nth }) => (nth === 1 ? fault(topicOf(session)) : undefined))
      const chat = store.session(session)
      await chat.append([human('a'), human('b')])
      await chat.append([human('c')])
      expect(await stored(session)).toEqual(['first', 'a', 'b', 'c'])
      expect(wire.sentTo(topicOf(session)).at(-1)?.epoch).toBe(1)
    })

    test('because another has written under the same producer id: one copy, and the next append is right', async () => {
      await first('shared-id')
      const chat = store.session('shared-id')
      await chat.append([human('a')])
      const [{ producerId, epoch } = { producerId: 0n, epoch: 0 }] = wire.sentTo(topicOf('shared-id'))
      const messages = range(3).map(number => ({ key: null, value: JSON.stringify(human(`other ${number}`)) }))
      await produceAs({ producerId, epoch, sequence: 2 }, address, topicOf('shared-id'), messages)
      await chat.append([human('b')])
      await chat.append([human('c')])
      expect(await stored('shared-id')).toEqual(['first', 'a', 'other 0', 'other 1', 'other 2', 'b', 'c'])
      expect(wire.sentTo(topicOf('shared-id')).map(batch => [batch.epoch, batch.sequence])).toEqual([
        [0, 1],
        [0, 2],
        [1, 0],
        [1, 1],
      ])
    })
  })

  describe('others change the topic', () => {
    let admin: Admin

    beforeAll(async () => {
      const brokers = address.bootstrapServers.split(',')
      admin = new kafkajs.Kafka({ ...database.own.clientOptions, brokers, logLevel: kafkajs.logLevel.NOTHING }).admin()
      await admin.connect()
    })
    afterAll(() => admin?.disconnect())

    const remove = (session: string) => admin.deleteTopics({ topics: [topicOf(session)] })
    const make = (session: string, config: Record<string, string> = {}) => {
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
      return createTopic(admin, { topic: topicOf(session), numPartitions: 1, configEntries })
    }

    test('deleted between two appends: the next one makes it again', async () => {
      const chat = store.session('deleted')
      for (const text of ['a', 'b', 'c']) await chat.append([human(text)])
      await remove('deleted')
      await chat.append([human('d')])
      expect(await stored('deleted')).toEqual(['d'])
      expect(contents(await chat.messages())).toEqual(['d'])
    })

    test('deleted and made again between two appends: what comes after is there, and read at once', async () => {
      const chat = store.session('made-again')
      for (const text of ['a', 'b', 'c']) await chat.append([human(text)])
      await remove('made-again')
      await make('made-again')
      await chat.append([human('d')])
      wire.proxy.reset()
      expect(contents(await chat.messages())).toEqual(['d'])
      // Not asked for again and again because it ends before an offset that it once had.
      expect(wire.proxy.count('Fetch')).toBeLessThanOrEqual(2)
      await chat.append([human('e')])
      expect(await stored('made-again')).toEqual(['d', 'e'])
    })

    test('deleted while an append is on its way: it is in the new one', async () => {
      await first('in-between')
      const held = door()
      wire.produce(async ({ nth }) => {
        if (nth === 1) await held.passed
        return undefined
      })
      const chat = store.session('in-between')
      const running = chat.append([human('a'), human('b')])
      await expect.poll(() => wire.proxy.count('Produce')).toBe(1)
      await remove('in-between')
      held.open()
      await running
      await chat.append([human('c')])
      expect(await stored('in-between')).toEqual(['a', 'b', 'c'])
      expect(contents(await chat.messages())).toEqual(['a', 'b', 'c'])
    })

    test("larger than its max.message.bytes: TOO_LARGE, nothing is stored, and the session's next append is right", async () => {
      await make('small', { 'max.message.bytes': '2000' })
      await first('small')
      const chat = store.session('small')
      const error = await failureOf(chat.append([human('x'.repeat(3_000))]))
      expect(error).toMatchObject({ code: 'TOO_LARGE', outcome: 'failed', retryable: false })
      await chat.append([human('b')])
      expect(await stored('small')).toEqual(['first', 'b'])
      // The numbers that the refused one had are free again.
      expect(wire.sentTo(topicOf('small')).map(({ epoch, sequence }) => [epoch, sequence])).toEqual([
        [0, 1],
        [0, 1],
      ])
    })

    test('larger, in one request with others: the others are stored, this one fails', async () => {
      await make('small-shared', { 'max.message.bytes': '2000' })
      const sessions = ['busy-3', 'busy-4', 'small-shared', 'beside-1', 'beside-2']
      for (const session of sessions) await first(session)
      const held = door()
      wire.produce(async () => {
        await held.passed
        return undefined
      })
      const appends = sessions.map(session =>
        store.session(session).append([human(session === 'small-shared' ? 'x'.repeat(3_000) : 'a')]),
      )
      const refused = failureOf(appends[2] ?? Promise.resolve())
      await expect.poll(() => wire.proxy.count('Produce')).toBe(2)
      held.open()
      expect(await refused).toMatchObject({ code: 'TOO_LARGE', outcome: 'failed' })
      await Promise.all(appends.filter((_, index) => index !== 2))
      const shared = wire.sent.filter(({ request }) => request.produce?.topics.length === 3).map(({ topic }) => topic)
      expect(shared).toContain(topicOf('small-shared'))
      await store.session('small-shared').append([human('b')])
      for (const session of sessions) expect(await stored(session)).toEqual(['first', session === 'small-shared' ? 'b' : 'a'])
    })

    test('compacted, it refuses messages without keys: INVALID_CONFIGURATION', async () => {
      await make('compacted', { 'cleanup.policy': 'compact' })
      const error = await failureOf(store.session('compacted').append([human('a')]))
      expect(error).toMatchObject({ code: 'INVALID_CONFIGURATION', outcome: 'failed', retryable: false })
      expect(error.message).toContain('cleanup.policy')
    })
  })

  test('a clock two hours ahead: INVALID_CONFIGURATION that names clocks, and nothing is stored', async () => {
    const clock = createTestClock({ startMs: Date.now() + 2 * 3_600_000 })
    const chat = database.store({ clock }, wire.clientOptions).session('ahead')
    const error = await failureOf(chat.append([human('a')]))
    expect(error).toMatchObject({ code: 'INVALID_CONFIGURATION', outcome: 'failed', retryable: false })
    expect(error.message).toContain('clock')
    clock.set(Date.now())
    await store.session('ahead').append([human('b')])
    expect(await stored('ahead')).toEqual(['b'])
  })

  test.each<[string, (topic: string) => Fault]>([
    [
      'to write',
      topic =>
        ({ api, nth }) =>
          api === 'Produce' && nth === 2 ? { reply: refusal(topic, TOPIC_AUTHORIZATION_FAILED) } : undefined,
    ],
    [
      'to describe',
      topic =>
        ({ api, nth }) =>
          api === 'Metadata' && nth === 1 ? { reply: metadataRefusal(topic, TOPIC_AUTHORIZATION_FAILED) } : undefined,
    ],
  ])(
    'permission %s, taken away when an acknowledgement was lost: the outcome is unknown, and the next append is not taken for this one',
    async (title, refused) => {
      const session = `forbidden-${title.replaceAll(' ', '-')}`
      await first(session)
      const refuse = refused(topicOf(session))
      wire.all(request => (request.api === 'Produce' && request.nth === 1 ? 'cut-after' : refuse(request)))
      const chat = store.session(session)
      const error = await failureOf(chat.append([human('a')]))
      expect(error).toMatchObject({ code: 'ACCESS_DENIED', outcome: 'unknown' })
      wire.reset()
      await chat.append([human('b')])
      await chat.append([human('a')], { id: error.appendId })
      expect(await stored(session)).toEqual(['first', 'a', 'b'])
    },
  )
})

describeWithJava('kafka', 'a broker that forgets producers after four seconds', () => {
  let cluster: KafkaCluster
  let database: Database

  beforeAll(async () => {
    const settings = { 'producer.id.expiration.ms': 4_000, 'producer.id.expiration.check.interval.ms': 1_000 }
    cluster = await startKafka({ settings })
    database = openDatabase(cluster satisfies KafkaAddress)
  }, 120_000)
  afterAll(async () => {
    await database?.close()
    await cluster?.stop()
  })

  test('a session that was silent for longer goes on: each message once', async () => {
    const store = database.store()
    const chat = store.session('silent')
    for (const text of ['a', 'b']) await chat.append([human(text)])
    await new Promise(resolve => setTimeout(resolve, 7_000))
    for (const text of ['c', 'd']) await chat.append([human(text)])
    expect(await log(database, 'silent')).toEqual(['a', 'b', 'c', 'd'])
    expect(contents(await chat.messages())).toEqual(['a', 'b', 'c', 'd'])
  })
})
