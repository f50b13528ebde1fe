// @hist/cassandra against the bare driver, and with --peers against LangChain's community class, on one node in one run.
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { createCassandraHistory } from '@hist/cassandra/store'
import { provideServer } from '@hist/servers'
import { Client, types } from 'cassandra-driver'
import { medians, printRatios } from './measure.mjs'

const LENGTHS = [100, 10_000, 100_000]
/** The community class reads the whole session every time, and at most 5,000 messages. */
const PEER_LENGTH = 1_000
const ROUNDS = 200
const text = 'The quick brown fox jumps over the lazy dog, and the dog does not mind at all. '.repeat(13)
const turn = [
  { type: 'human', data: { content: text } },
  { type: 'ai', data: { content: text, tool_calls: [] } },
]
const bodies = turn.map(message => JSON.stringify(message))
const options = { prepare: true, isIdempotent: true, consistency: types.consistencies.localQuorum }

export async function benchCassandra({ peers }) {
  const { address, stop } = await provideServer('cassandra', { onProgress: text => console.info(`cassandra: ${text}`) })
  const { contactPoints, port, localDataCenter, credentials } = address
  const keyspace = `hist_${randomBytes(6).toString('hex')}`
  const client = new Client({
    contactPoints,
    localDataCenter,
    protocolOptions: { port },
    credentials,
    socketOptions: { readTimeout: 30_000 },
  })
  const replication = `{'class': 'NetworkTopologyStrategy', '${localDataCenter}': 1}`
  await client.execute(`CREATE KEYSPACE ${keyspace} WITH replication = ${replication}`)
  const store = createCassandraHistory({ client, keyspace, timeoutMs: 60_000 })
  try {
    const results = [await newest20({ client, store, keyspace })]
    results.push(await appends({ client, store, keyspace }))
    if (peers) results.push(await besideCommunityClass({ client, store, keyspace, address }))
    return results
  } finally {
    await store.close()
    await client.execute(`DROP KEYSPACE ${keyspace}`)
    await client.shutdown()
    await stop()
  }
}

/** The newest 20 of sessions of different lengths, in one run: the bare query with `JSON.parse`, and ours. */
async function newest20({ client, store, keyspace }) {
  const query = `SELECT row_id, body_blob FROM ${keyspace}.message_store WHERE partition_id = ? ORDER BY row_id DESC LIMIT ?`
  const cases = {}
  for (const length of LENGTHS) {
    const chat = store.session(`length-${length}`)
    console.info(`fills a session with ${length} messages`)
    for (let count = 0; count < length; count += 100) await chat.append(Array.from({ length: 100 }, (_, i) => turn[i % 2]))
    cases[`bare driver, ${length} messages`] = async () => {
      const { rows } = await client.execute(query, [chat.sessionId, 20], options)
      return rows.map(row => JSON.parse(row.body_blob)).reverse()
    }
    cases[`@hist/cassandra, ${length} messages`] = () => chat.messages({ last: 20 })
  }
  // The first rounds compile.
  await medians(cases, ROUNDS / 4)
  const read = await medians(cases, ROUNDS)
  const [shortest] = LENGTHS
  for (const length of LENGTHS) {
    const own = Object.fromEntries(Object.entries(read).filter(([name]) => name.endsWith(` ${length} messages`)))
    printRatios(`newest 20 of ${length} messages of ${text.length} characters`, own, `bare driver, ${length} messages`)
  }
  const ours = Object.fromEntries(Object.entries(read).filter(([name]) => name.startsWith('@hist')))
  printRatios('the same, against the shortest session', ours, `@hist/cassandra, ${shortest} messages`)
  return { read }
}

/** One row by the bare driver, a bare logged batch, and ours. */
async function appends({ client, store, keyspace }) {
  const insert = `INSERT INTO ${keyspace}.message_store (body_blob, row_id, partition_id) VALUES (?, ?, 'bare')`
  const statements = () => bodies.map(body => ({ query: insert, params: [body, types.TimeUuid.now()] }))
  const [chat, twenty] = [store.session('append'), Array.from({ length: 20 }, (_, i) => turn[i % 2])]
  const append = await medians(
    {
      'bare driver, 1 row': () => client.execute(insert, [bodies[0], types.TimeUuid.now()], options),
      'bare driver, logged batch of 2': () => client.batch(statements(), { ...options, logged: true }),
      '@hist/cassandra, 1 message': () => chat.append([turn[0]]),
      '@hist/cassandra, turn of 2': () => chat.append(turn),
      '@hist/cassandra, 20 messages': () => chat.append(twenty),
    },
    ROUNDS,
  )
  printRatios(`append, messages of ${text.length} characters`, append, 'bare driver, 1 row')
  return { append }
}

async function besideCommunityClass({ client, store, keyspace, address }) {
  const require = createRequire(new URL('./peers/package.json', import.meta.url))
  const load = async name => import(pathToFileURL(require.resolve(name)).href)
  const { CassandraChatMessageHistory } = await load('@langchain/community/stores/message/cassandra')
  const { HumanMessage, AIMessage } = await load('@langchain/core/messages')
  const { contactPoints, port, localDataCenter } = address
  const settings = { contactPoints, localDataCenter, protocolOptions: { port }, keyspace, table: 'community' }
  const theirs = new CassandraChatMessageHistory({ ...settings, sessionId: 'peer' })
  const [messages, chat] = [[new HumanMessage(text), new AIMessage(text)], store.session('beside the peer')]
  for (let count = 0; count < PEER_LENGTH; count += 2) {
    await theirs.addMessages(messages)
    await chat.append(turn)
  }
  const read = await medians(
    { '@hist/cassandra, newest 20': () => chat.messages({ last: 20 }), '@langchain/community': () => theirs.getMessages() },
    50,
  )
  printRatios(`what a turn reads of ${PEER_LENGTH} messages`, read, '@hist/cassandra, newest 20')
  const append = await medians(
    { '@hist/cassandra': () => chat.append(turn), '@langchain/community': () => theirs.addMessages(messages) },
    50,
  )
  printRatios('append of a turn of 2', append, '@hist/cassandra')
  await printLosses({ settings, store, CassandraChatMessageHistory, HumanMessage })
  // The class has no way to close its client.
  await client.execute(`DROP TABLE ${keyspace}.community`)
  return { peer: { read, append } }
}

/** 50 appends at once, and 200 one after the other: how many are kept. */
async function printLosses({ settings, store, CassandraChatMessageHistory, HumanMessage }) {
  const theirs = name => new CassandraChatMessageHistory({ ...settings, sessionId: name })
  const [atOnce, inTurn] = [theirs('at once'), theirs('in turn')]
  const numbers = count => Array.from({ length: count }, (_, number) => String(number))
  await atOnce.getMessages()
  await Promise.all(numbers(50).map(number => atOnce.addMessage(new HumanMessage(number))))
  await inTurn.addMessages(numbers(200).map(number => new HumanMessage(number)))
  const ours = name => store.session(name)
  await Promise.all(numbers(50).map(number => ours('at once').append([{ type: 'human', data: { content: number } }])))
  await ours('in turn').append(numbers(200).map(content => ({ type: 'human', data: { content } })))
  console.info('\nhow many messages are kept         of 50 at once   of 200 in turn')
  for (const [name, once, turns] of [
    ['@hist/cassandra', await ours('at once').messages(), await ours('in turn').messages()],
    ['@langchain/community', await atOnce.getMessages(), await inTurn.getMessages()],
  ])
    console.info(`  ${name.padEnd(34)}${String(once.length).padStart(12)}${String(turns.length).padStart(17)}`)
}
