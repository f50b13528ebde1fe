// @hist/kafka against kafkajs's own producer and consumer, on one broker in one run; and what an idle store costs.
import { randomBytes } from 'node:crypto'
import { createKafkaHistory } from '@hist/kafka/store'
import { provideServer } from '@hist/servers'
import kafkajs from 'kafkajs'
import { medians, printRatios } from './measure.mjs'

const LENGTHS = [100, 10_000, 100_000]
const ROUNDS = 200
/** Joining a group takes three seconds, by the broker's default. */
const CONSUMER_ROUNDS = 3
const AT_ONCE = 64
const IDLE_MS = 10_000
const text = 'The quick brown fox jumps over the lazy dog, and the dog does not mind at all. '.repeat(6)
const turn = [
  { type: 'human', data: { content: text } },
  { type: 'ai', data: { content: text, tool_calls: [] } },
]
const messages = turn.map(message => ({ value: JSON.stringify(message) }))

export async function benchKafka() {
  const { address, stop } = await provideServer('kafka', { onProgress: line => console.info(`kafka: ${line}`) })
  const topicPrefix = `bench-${randomBytes(6).toString('hex')}-`
  const settings = { brokers: address.bootstrapServers.split(','), logLevel: kafkajs.logLevel.NOTHING }
  const kafka = new kafkajs.Kafka(settings)
  const producer = kafka.producer({ idempotent: true })
  const admin = kafka.admin()
  const store = createKafkaHistory({ bootstrapServers: address.bootstrapServers, topicPrefix })
  try {
    await Promise.all([producer.connect(), admin.connect()])
    const read = await newest20(store, kafka, topicPrefix)
    const append = await appends(store, producer, topicPrefix)
    const many = await atOnce(store, producer, topicPrefix)
    await Promise.all([producer.disconnect(), admin.disconnect()])
    return [{ read, append, many, idle: await idle(store) }]
  } finally {
    await store.close()
    await admin.connect()
    const topics = (await admin.listTopics()).filter(topic => topic.startsWith(topicPrefix))
    await admin.deleteTopics({ topics })
    await admin.disconnect()
    await stop()
  }
}

async function newest20(store, kafka, topicPrefix) {
  const cases = {}
  for (const length of LENGTHS) {
    const chat = store.session(`length-${length}`)
    console.info(`fills a session with ${length} messages`)
    for (let count = 0; count < length; count += 100) await chat.append(Array.from({ length: 100 }, (_, i) => turn[i % 2]))
    cases[`@hist/kafka, ${length} messages`] = () => chat.messages({ last: 20 })
  }
  await medians(cases, ROUNDS / 4)
  const read = await medians(cases, ROUNDS)
  const [shortest] = LENGTHS
  printRatios('newest 20', read, `@hist/kafka, ${shortest} messages`)

  const topic = `${topicPrefix}length-${shortest}`
  const beside = await medians(
    {
      [`@hist/kafka, all of ${shortest}`]: () => store.session(`length-${shortest}`).messages(),
      [`kafkajs consumer in a new group, all of ${shortest}`]: () =>
        consumeAll(kafka, topic, topicPrefix + randomBytes(6).toString('hex'), shortest),
    },
    CONSUMER_ROUNDS,
  )
  printRatios('a whole session', beside, `@hist/kafka, all of ${shortest}`)
  return { ...read, ...beside }
}

async function consumeAll(kafka, topic, groupId, count) {
  const consumer = kafka.consumer({ groupId })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  let seen = 0
  await new Promise((resolve, reject) => {
    const eachMessage = async () => {
      seen += 1
      if (seen === count) resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
}

async function appends(store, producer, topicPrefix) {
  const chat = store.session('append')
  await chat.append(turn)
  const append = await medians(
    {
      'kafkajs idempotent producer': () => producer.send({ topic: `${topicPrefix}append`, acks: -1, messages }),
      '@hist/kafka': () => chat.append(turn),
    },
    ROUNDS,
  )
  printRatios(`append of 2 messages of ${text.length} characters`, append, 'kafkajs idempotent producer')
  return append
}

async function atOnce(store, producer, topicPrefix) {
  const names = Array.from({ length: AT_ONCE }, (_, number) => `many-${number}`)
  await Promise.all(names.map(name => store.session(name).append(turn)))
  const many = await medians(
    {
      'kafkajs idempotent producer, one send each': () =>
        Promise.all(names.map(name => producer.send({ topic: topicPrefix + name, acks: -1, messages }))),
      '@hist/kafka': () => Promise.all(names.map(name => store.session(name).append(turn))),
    },
    ROUNDS / 4,
  )
  printRatios(`${AT_ONCE} appends at once, to as many sessions`, many, 'kafkajs idempotent producer, one send each')
  return many
}

/** What an open store costs that nobody uses: kafkajs looks after its connections by a timer. */
async function idle(store) {
  await store.session('append').messages({ last: 20 })
  const sockets = process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap').length
  await new Promise(resolve => setTimeout(resolve, 1_000))
  const before = process.cpuUsage()
  await new Promise(resolve => setTimeout(resolve, IDLE_MS))
  const { user, system } = process.cpuUsage(before)
  const share = (user + system) / 1_000 / IDLE_MS
  console.info(`\nan open store that nobody uses: ${sockets} sockets, ${(100 * share).toFixed(2)} % of a core`)
  return { sockets, share }
}
