// @hist/dynamodb against the bare SDK, and with --peers against LangChain's community class, on one dynalite in one run.
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { CreateTableCommand, DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { createDynamoDBHistory } from '@hist/dynamodb/store'
import dynalite from 'dynalite'
import { medians, printRatios } from './measure.mjs'

// With what the measuring itself appends, still below the 400 KB at which the community class has to stop.
const LENGTHS = [0, 100, 200]
const LONG_LENGTHS = [10_000]
const ROUNDS = 60
const text = 'The quick brown fox jumps over the lazy dog, and the dog does not mind at all. '.repeat(13)
const turn = [
  { type: 'human', data: { content: text } },
  { type: 'ai', data: { content: text, tool_calls: [] } },
]

export async function benchDynamoDB({ peers }) {
  const server = dynalite({ createTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connection = {
    endpoint: `http://127.0.0.1:${server.address().port}`,
    region: 'local',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  }
  const client = new DynamoDBClient(connection)
  const store = createDynamoDBHistory({ tableName: 'ours', client, setupMode: 'sync' })
  const lists = createDynamoDBHistory({ tableName: 'lists', layout: 'list', client, setupMode: 'sync' })
  await createTable(client, 'bare', 'SessionId', 'SK')
  const peer = peers ? await communityClass(client, connection) : undefined
  const results = []
  for (const length of LENGTHS) results.push(await atLength(length, { client, store, lists, peer }))
  for (const length of LONG_LENGTHS) results.push(await atLength(length, { client, store }))
  if (peer !== undefined) await printLosses(store, peer)
  await store.close()
  await lists.close()
  client.destroy()
  await new Promise(resolve => server.close(resolve))
  return results
}

/** Appends of one turn and reads of the newest 20, to and from a session that holds `length` messages. */
async function atLength(length, { client, store, lists, peer }) {
  const session = `length-${length}`
  const bare = bareSession(client, session)
  const chat = store.session(session)
  const list = lists?.session(session)
  const theirs = peer?.(session)
  for (let i = 0; i < length; i += turn.length) {
    await Promise.all([bare.append(), chat.append(turn), list?.append(turn), theirs?.append()])
  }
  const appends = { 'bare SDK': bare.append, '@hist/dynamodb': () => chat.append(turn) }
  const reads = { 'bare SDK': bare.last20, '@hist/dynamodb': () => chat.messages({ last: 20 }) }
  if (list !== undefined) {
    appends['@hist/dynamodb, layout list'] = () => list.append(turn)
    reads['@hist/dynamodb, layout list'] = () => list.messages({ last: 20 })
  }
  if (theirs !== undefined) {
    appends['@langchain/community'] = theirs.append
    reads['@langchain/community (whole session)'] = theirs.read
  }
  // Appends grow the session while they are measured, for all alike; reads come first.
  const read = await medians(reads, ROUNDS)
  printRatios(`newest 20 of ${length} messages`, read, 'bare SDK')
  const append = await medians(appends, ROUNDS)
  printRatios(`append of 2 messages of ${text.length} characters to ${length}`, append, 'bare SDK')
  return { length, read, append }
}

/** One PutItem with the same texts, one Query without decoding. */
function bareSession(client, session) {
  const bodies = turn.map(message => ({ S: JSON.stringify(message) }))
  let count = 0
  return {
    append: () => {
      const SK = { S: `m#${String(count++).padStart(12, '0')}` }
      return client.send(new PutItemCommand({ TableName: 'bare', Item: { SessionId: { S: session }, SK, b: { L: bodies } } }))
    },
    last20: () =>
      client.send(
        new QueryCommand({
          TableName: 'bare',
          KeyConditionExpression: 'SessionId = :session',
          ExpressionAttributeValues: { ':session': { S: session } },
          ScanIndexForward: false,
          ConsistentRead: true,
          Limit: 20,
        }),
      ),
  }
}

async function communityClass(client, config) {
  await createTable(client, 'community', 'id')
  const require = createRequire(new URL('./peers/package.json', import.meta.url))
  const load = async name => import(pathToFileURL(require.resolve(name)).href)
  const { DynamoDBChatMessageHistory } = await load('@langchain/community/stores/message/dynamodb')
  const messages = await load('@langchain/core/messages')
  return session => {
    const history = new DynamoDBChatMessageHistory({ tableName: 'community', partitionKey: 'id', sessionId: session, config })
    const [human, ai] = [new messages.HumanMessage(text), new messages.AIMessage(text)]
    return { history, messages, append: () => history.addMessages([human, ai]), read: () => history.getMessages() }
  }
}

async function createTable(client, TableName, hash, range) {
  const keys = [[hash, 'HASH'], ...(range === undefined ? [] : [[range, 'RANGE']])]
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map(([AttributeName]) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: keys.map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
    }),
  )
}

/** The same five messages through both: what comes back. */
async function printLosses(store, peer) {
  const stored = [
    { type: 'human', data: { content: 'What is the weather?', id: 'h1', name: 'anna' } },
    {
      type: 'ai',
      data: { content: '', id: 'a1', tool_calls: [{ name: 'weather', args: { city: 'Graz' }, id: 'c1', type: 'tool_call' }] },
    },
    { type: 'tool', data: { content: 'sunny', tool_call_id: 'c1', name: 'weather' } },
  ]
  const theirs = peer('losses')
  const chat = store.session('losses')
  const { messages } = theirs
  console.info('\na turn with one tool call: what comes back')
  await chat.append(stored)
  const kept = (await chat.messages()).map(message => `${message.type}(${Object.keys(message.data).join(' ')})`)
  console.info(`  @hist/dynamodb         ${kept.join(' · ')}`)
  const { HumanMessage, AIMessage, ToolMessage } = messages
  const classes = [HumanMessage, AIMessage, ToolMessage]
  await theirs.history.addMessages(stored.slice(0, 2).map(({ data }, index) => new classes[index](structuredClone(data))))
  const before = (await theirs.history.getMessages()).map(
    message => `${message.getType()}(id ${message.id}, ${message.tool_calls?.length ?? 0} tool calls)`,
  )
  console.info(`  @langchain/community   ${before.join(' · ')}`)
  await theirs.history.addMessages([new ToolMessage(structuredClone(stored[2].data))])
  const after = await theirs.history.getMessages().then(
    () => 'readable',
    error => `every read throws: ${error.message}`,
  )
  console.info(`  … and after its tool message: ${after}`)
}
