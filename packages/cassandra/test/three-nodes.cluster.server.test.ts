import { setTimeout as sleep } from 'node:timers/promises'
import { CassandraBackend, createCassandraHistory } from '@hist/cassandra/store'
import { type HistoryError, type HistoryStore, isHistoryError } from '@hist/core'
import { historyBackendContract } from '@hist/core/conformance'
import { type CassandraAddress, type CassandraCluster, type ServerNode, startCassandra } from '@hist/servers'
import { describeWithJava } from '@hist/servers/vitest'
import { Client, policies, types } from 'cassandra-driver'
import * as vitest from 'vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Database, openDatabase } from './database.js'
import { startPeer } from './peer.js'
import { runStorm, type StormReport } from './storm.js'

const MINUTES = 60_000

let cluster: CassandraCluster
let database: Database
const stores: HistoryStore[] = []

function address(...hosts: string[]): CassandraAddress {
  const { contactPoints, port, localDataCenter } = cluster
  return { contactPoints: hosts.length > 0 ? hosts : contactPoints, port, localDataCenter }
}

/** A store whose driver begins at these nodes. */
function openStore(hosts: string[], keyspace = database.keyspace): HistoryStore {
  const store = createCassandraHistory({ ...address(...hosts), keyspace, timeoutMs: 30_000 })
  stores.push(store)
  return store
}

function node(index: number): ServerNode {
  const found = cluster.nodes[index]
  if (found === undefined) throw new Error(`there is no node ${index}`)
  return found
}

async function failureOf(call: Promise<unknown>): Promise<HistoryError> {
  const error: unknown = await call.then(
    () => new Error('resolved'),
    error => error,
  )
  if (!isHistoryError(error)) throw error
  return error
}

/** Through the driver's policy that knows one node: what this very node knows. */
async function askNode(host: string, query: string, parameters: unknown[]): Promise<types.Row[]> {
  const { port, localDataCenter } = cluster
  const onlyThis = new policies.loadBalancing.AllowListPolicy(new policies.loadBalancing.RoundRobinPolicy(), [`${host}:${port}`])
  const client = new Client({
    ...address(host),
    localDataCenter,
    protocolOptions: { port },
    policies: { loadBalancing: onlyThis },
  })
  try {
    return (await client.execute(query, parameters, { prepare: true })).rows
  } finally {
    await client.shutdown()
  }
}

function expectAllKept(title: string, report: StormReport): void {
  const { acknowledged, rejected, reads, longestAppendMs, longestReadMs, problems } = report
  console.info(
    `${title}: ${acknowledged} appends acknowledged, ${rejected.length} rejected, longest ${longestAppendMs.toFixed(0)} ms; ` +
      `${reads} reads of whole sessions, longest ${longestReadMs.toFixed(0)} ms`,
    ...rejected.slice(0, 5),
  )
  expect(problems).toEqual([])
  expect(acknowledged).toBeGreaterThanOrEqual(2_000 - rejected.length)
  expect(reads).toBeGreaterThan(0)
}

describeWithJava('cassandra', 'three nodes', () => {
  beforeAll(async () => {
    cluster = await startCassandra({ nodes: 3 })
    database = await openDatabase(address(), 3)
    await database.store().session('set up').messages()
  }, 5 * MINUTES)

  afterAll(async () => {
    await Promise.all(stores.map(store => store.close()))
    await database?.close()
    await cluster?.stop()
  })

  historyBackendContract({
    runner: vitest,
    name: 'Cassandra, three nodes',
    options: { expiry: 'server' },
    async setup() {
      const { client, own, close } = await openDatabase(address(), 3)
      const query = `SELECT body_blob FROM ${own.keyspace}.message_store WHERE partition_id = ? ORDER BY row_id ASC`
      const consistency = types.consistencies.localQuorum
      return {
        open: options => new CassandraBackend({ ...own, ...options }),
        raw: async session => (await client.execute(query, [session], { prepare: true, consistency, fetchSize: 50_000 })).rows,
        stop: close,
      }
    },
  })

  describe('kill -9 of a node while 12 writers append and readers read', { timeout: 4 * MINUTES }, () => {
    const killed = (name: string, hosts: string[], victim: () => ServerNode) =>
      runStorm({
        name,
        store: openStore(hosts),
        appends: 2_000,
        sessions: 4,
        writers: 12,
        bursts: true,
        async incident() {
          await victim().kill()
          await sleep(1_000)
          await victim().restart()
        },
      })

    test('any node', async () => {
      expectAllKept('A node killed and restarted', await killed('killed', [], () => node(1)))
    })

    test('the node that the driver learns from', async () => {
      // The only contact point is the one that the driver's control connection goes to.
      const { host } = node(2)
      expectAllKept('The node with the control connection', await killed('control', [host], () => node(2)))
    })
  })

  test('a node that hangs for 9 s does not make appends hang', { timeout: 4 * MINUTES }, async () => {
    const report = await runStorm({
      name: 'frozen',
      store: openStore([]),
      appends: 2_000,
      sessions: 12,
      writers: 12,
      bursts: false,
      async incident() {
        node(1).freeze()
        await sleep(9_000)
        node(1).resume()
      },
    })
    expectAllKept('A node frozen for 9 s', report)
    // Quiet machines show 0.21 s. With the driver's defaults an append waits for as long as the node hangs, with a read timeout alone for 3 s.
    expect(report.longestAppendMs).toBeLessThan(3_000)
    expect(report.rejected).toEqual([])
  })

  test('quorum lost: appends end unknown, reads retryable; a repeat after the restart leaves one copy', {
    timeout: 4 * MINUTES,
  }, async () => {
    const chat = database.store().session('quorum')
    const before = range(100).map(number => `before ${number}`)
    for (const text of before) await chat.append([human(text)])
    // A killed node loses what its commit log did not get to disk yet; two of three at once must have it there.
    await sleep(500)
    await Promise.all([node(1).kill(), node(2).kill()])
    const turn = [human('of unknown outcome'), human('its second message')]
    const error = await failureOf(chat.append(turn, { timeoutMs: 6_000 }))
    expect(error).toMatchObject({ outcome: 'unknown', retryable: true, backend: 'cassandra', session: 'quorum' })
    expect(['TIMEOUT', 'UNAVAILABLE']).toContain(error.code)
    const unread = await failureOf(chat.messages({ timeoutMs: 6_000 }))
    expect(unread).toMatchObject({ outcome: 'failed', retryable: true })
    expect(['TIMEOUT', 'UNAVAILABLE']).toContain(unread.code)
    console.info(
      `Quorum lost: the append ended with ${error.code} (${error.message}), the read with ${unread.code} (${unread.message})`,
    )
    await Promise.all([node(1).restart(), node(2).restart()])
    await chat.append(turn, { id: error.appendId ?? '' })
    expect(contents(await chat.messages())).toEqual([...before, 'of unknown outcome', 'its second message'])
    const rows = await database.client.execute(
      `SELECT body_blob FROM ${database.keyspace}.message_store WHERE partition_id = 'quorum'`,
      [],
      { consistency: types.consistencies.all },
    )
    expect(rows.rowLength).toBe(102)
  })

  describe('one process appends and clears, another appends: nothing is left of before, nothing of after is lost', {
    timeout: 4 * MINUTES,
  }, () => {
    test.each([
      ['all nodes up', 200, async () => {}],
      [
        'a node hangs for 6 s in between',
        150,
        async () => {
          node(2).freeze()
          await sleep(6_000)
          node(2).resume()
        },
      ],
    ])('%s', async (title, rounds, incident) => {
      const peers = [startPeer(database.own), startPeer(database.own)] as const
      const expected = new Map<string, string[]>()
      const problems: string[] = []
      const check = async (session: string) => {
        const stored = await peers[0].messages(session)
        if (stored.join() !== expected.get(session)?.join())
          problems.push(`${session}: ${stored} instead of ${expected.get(session)}`)
      }
      let isOver = false
      let happening: Promise<void> | undefined
      let round = 0
      for (; round < rounds || !isOver; round += 1) {
        if (round === 20) happening = incident().finally(() => (isOver = true))
        const [clearing, other] = round % 2 === 0 ? peers : [peers[1], peers[0]]
        const session = `${title} ${round % 10}`
        await clearing.append(session, `old ${round}`, `old too ${round}`)
        await clearing.clear(session)
        expected.set(session, [`new ${round}`, `new too ${round}`])
        await other.append(session, `new ${round}`, `new too ${round}`)
        await check(session)
      }
      await happening
      // What lay at the node that hung is written by now.
      await sleep(1_000)
      for (const session of expected.keys()) await check(session)
      console.info(`Clear, ${title}: ${round} rounds`)
      expect(problems).toEqual([])
      for (const peer of peers) expect(await peer.close()).toEqual([0, null])
    })
  })

  test('eight clients make the same table at once through different nodes: one table, nothing lost', {
    timeout: 4 * MINUTES,
  }, async () => {
    for (const round of range(2)) {
      const own = await openDatabase(address(), 3)
      const began = performance.now()
      const clients = range(8).map(index => openStore([node(index % 3).host], own.keyspace))
      const appends = await Promise.allSettled(clients.map((store, index) => store.session('all').append([human(`${index}`)])))
      console.info(`Table made by eight clients, round ${round}: ${(performance.now() - began).toFixed(0)} ms`)
      expect(appends.flatMap(append => (append.status === 'rejected' ? [String(append.reason)] : []))).toEqual([])
      const query = 'SELECT id FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?'
      const ids = await Promise.all(cluster.nodes.map(({ host }) => askNode(host, query, [own.keyspace, 'message_store'])))
      expect(new Set(ids.map(rows => String(rows[0]?.id))).size).toBe(1)
      const stored = contents(await own.store().session('all').messages())
      expect(stored.sort()).toEqual(range(8).map(String))
      await own.close()
    }
  })

  test('a contact point that is down or hangs: the next one is used', { timeout: 4 * MINUTES }, async () => {
    const hosts = [node(0).host, node(1).host]
    const connectOften = async (title: string) => {
      let longest = 0
      // The driver tries contact points in random order.
      for (const number of range(4)) {
        const began = performance.now()
        await openStore(hosts)
          .session(title)
          .append([human(`${number}`)])
        longest = Math.max(longest, performance.now() - began)
      }
      console.info(`Connecting, first contact point ${title}: longest ${longest.toFixed(0)} ms until the first append`)
      expect(contents(await database.store().session(title).messages())).toEqual(range(4).map(String))
    }
    const young = await openDatabase(address(), 3)
    await node(0).kill()
    await connectOften('down')
    const began = performance.now()
    await young
      .store()
      .session('young')
      .append([human('while a node was down')])
    console.info(`Table made while a node is down: ${(performance.now() - began).toFixed(0)} ms until the first append`)
    await node(0).restart()
    expect(contents(await young.store().session('young').messages())).toEqual(['while a node was down'])
    await young.close()
    node(0).freeze()
    await connectOften('hanging').finally(() => node(0).resume())
  })
})
