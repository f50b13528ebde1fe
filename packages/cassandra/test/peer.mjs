// A process of its own with one store: does what the test asks, one after the other, and answers.
import { createCassandraHistory } from '@hist/cassandra/store'

const { offsetMs = 0, ...options } = JSON.parse(process.argv[2])
let offset = offsetMs
const clock = { now: () => BigInt(Math.floor((performance.timeOrigin + performance.now() + offset) * 10_000)) }
const store = createCassandraHistory({ ...options, ...(offset === 0 ? {} : { clock }) })

const tasks = {
  append: (session, ...texts) => store.session(session).append(texts.map(content => ({ type: 'human', data: { content } }))),
  messages: async session => (await store.session(session).messages()).map(message => message.data.content),
  clear: session => store.session(session).clear(),
  setClock: ms => {
    offset = ms
  },
  /** Appends pairs until it is killed, and says so after each that was acknowledged. */
  appendForEver: async session => {
    for (let number = 0; ; number++) {
      await tasks.append(session, `${number} a`, `${number} b`)
      process.send({ number })
    }
  },
  close: async () => {
    await store.close()
    process.disconnect()
  },
}

process.on('message', async ([task, ...args]) => {
  try {
    const value = await tasks[task](...args)
    if (process.connected) process.send({ value })
  } catch (error) {
    process.send({ error: `${error.name} ${error.code}: ${error.message}` })
  }
})
