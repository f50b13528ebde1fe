import { setTimeout as sleep } from 'node:timers/promises'
import { type KafkaCluster, type ServerNode, startKafka } from '@hist/servers'
import { describeWithJava } from '@hist/servers/vitest'
import kafkajs, { type Admin } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { recordIdOf } from '../src/record.js'
import { type Database, openDatabase } from './database.js'
import { stockProducerTests } from './stock-producer.js'
import { runStorm, type StormReport } from './storm.js'

const MINUTES = 60_000
const { logLevel } = kafkajs

let cluster: KafkaCluster
let database: Database
let admin: Admin

function node(id: number): ServerNode {
  const found = cluster.nodes[id - 1]
  if (found === undefined) throw new Error(`there is no broker ${id}`)
  return found
}

function topicOf(session: string): string {
  return database.topicPrefix + session
}

async function partitionOf(session: string) {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topicOf(session)] })
  return topics[0]?.partitions[0] ?? { leader: -1, isr: [], replicas: [] }
}

/** Until all replicas of all topics here are in sync: a broker that has just come back may be killed again only then. */
async function allInSync(): Promise<void> {
  const names = (await admin.listTopics()).filter(name => name.startsWith(database.topicPrefix))
  const isBehind = async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: names })
    return topics.some(({ partitions }) => partitions.some(({ isr, replicas }) => isr.length < replicas.length))
  }
  await expect.poll(() => isBehind().catch(() => true), { timeout: 30_000, interval: 100 }).toBe(false)
}

/** Nothing twice in the log itself, which readers would not show. */
async function expectNoCopies(sessions: readonly string[]): Promise<number> {
  let count = 0
  for (const session of sessions) {
    const ids = (await database.records(topicOf(session))).map(record => {
      const id = recordIdOf(record)
      return `${id?.append}:${id?.index}`
    })
    expect(new Set(ids).size).toBe(ids.length)
    count += ids.length
  }
  return count
}

describeWithJava('kafka', 'three brokers', () => {
  beforeAll(async () => {
    cluster = await startKafka({ nodes: 3 })
    database = openDatabase(cluster)
    const retry = { initialRetryTime: 50, retries: 10 }
    admin = new kafkajs.Kafka({ brokers: cluster.bootstrapServers.split(','), logLevel: logLevel.NOTHING, retry }).admin()
    await admin.connect()
  }, 3 * MINUTES)

  afterAll(async () => {
    await admin?.disconnect()
    await database?.close()
    await cluster?.stop()
  }, MINUTES)

  const open = () => database.store({ timeoutMs: 60_000 }, { requestTimeout: 5_000, logLevel: logLevel.NOTHING })

  describe('12 writers append to 6 sessions, and readers look on: every acknowledged message once, in order, and seen at once', () => {
    async function storm(name: string, incident: (leader: ServerNode) => Promise<void>) {
      const store = open()
      const sessions = range(6).map(number => `${name}-${number}`)
      for (const session of sessions) await store.session(session).append([])
      for (const session of sessions) await store.session(session).append([human('w 0 0 1')])
      await allInSync()
      const [first = ''] = sessions
      const { leader: victim } = await partitionOf(first)
      const leaders = new Map(
        await Promise.all(sessions.map(async session => [session, (await partitionOf(session)).leader] as const)),
      )
      const report = await runStorm({ store, sessions, writers: 12, incident: () => incident(node(victim)) })
      expectAllKept(name, report, session => leaders.get(session) === victim)
      const records = await expectNoCopies(sessions)
      console.info(`${name}: ${records} records, none twice`)
      await allInSync()
    }

    function expectAllKept(name: string, report: StormReport, isLedByVictim: (session: string) => boolean): void {
      const { acknowledged, rejected, reads, longestGapMs, longestReadMs, problems } = report
      const gap = (led: boolean) =>
        Math.max(...[...longestGapMs].map(([session, ms]) => (isLedByVictim(session) === led ? ms : 0)))
      console.info(
        `${name}: ${acknowledged} appends acknowledged, ${rejected.length} rejected, longest gap ${gap(true).toFixed(0)} ms where the ` +
          `victim led, ${gap(false).toFixed(0)} ms elsewhere; ${reads} reads of whole sessions, longest ${longestReadMs.toFixed(0)} ms`,
        ...rejected.slice(0, 5),
      )
      expect(problems).toEqual([])
      expect(rejected).toEqual([])
      expect(acknowledged).toBeGreaterThan(200)
      expect(reads).toBeGreaterThan(10)
    }

    test('a leader is killed with kill -9, and restarted', { timeout: 3 * MINUTES }, () =>
      storm('killed', async leader => {
        await leader.kill()
        await sleep(1_000)
        await leader.restart()
      }),
    )

    test('a leader hangs for eight seconds', { timeout: 3 * MINUTES }, () =>
      storm('frozen', async leader => {
        leader.freeze()
        await sleep(8_000)
        leader.resume()
      }),
    )

    test('leadership moves from broker to broker', { timeout: 3 * MINUTES }, () =>
      storm('moved', async () => {
        for (const replicas of [
          [2, 3],
          [3, 1],
          [1, 2],
          [1, 2, 3],
        ]) {
          const topics = range(6).map(number => ({
            topic: topicOf(`moved-${number}`),
            partitionAssignment: [{ partition: 0, replicas }],
          }))
          await admin.alterPartitionReassignments({ topics })
          for (const number of range(6))
            await expect
              .poll(async () => (await partitionOf(`moved-${number}`)).leader, { timeout: 30_000, interval: 50 })
              .toBeOneOf(replicas)
          await sleep(300)
        }
      }),
    )
  })

  test('too few brokers for an acknowledgement: the append waits for one to come back, and reads go on', {
    timeout: 3 * MINUTES,
  }, async () => {
    const chat = open().session('waiting')
    await chat.append([human('a')])
    await allInSync()
    const { leader } = await partitionOf('waiting')
    const [one, other] = [1, 2, 3].filter(id => id !== leader).map(node)
    await Promise.all([one?.kill(), other?.kill()])
    let acknowledged = 0
    const appends = ['b', 'c', 'd'].map(text => chat.append([human(text)]).then(() => (acknowledged += 1)))
    for (const _ of range(20)) {
      expect(contents(await chat.messages())).toEqual(['a'])
      await sleep(100)
    }
    expect(acknowledged).toBe(0)
    const began = performance.now()
    await one?.restart()
    await Promise.all(appends)
    console.info(`Too few brokers: acknowledged ${(performance.now() - began).toFixed(0)} ms after the restart began`)
    expect(contents(await chat.messages())).toEqual(['a', 'b', 'c', 'd'])
    expect(await expectNoCopies(['waiting'])).toBe(4)
    await other?.restart()
    await allInSync()
  })

  stockProducerTests(() => ({ cluster, database, admin, node, allInSync }))
})
