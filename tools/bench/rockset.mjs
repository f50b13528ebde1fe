// @hist/rockset against the bare client of Rockset, on one embedded server with a file, in one run; and what the length of a session does to
// both layouts. The server is in this process: its time is in every figure.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRocksetHistory } from '@hist/rockset/store'
import { startRocksetServer } from '@hist/rockset-server'
import rockset from '@rockset/client'
import { medians, printRatios } from './measure.mjs'

const LENGTHS = { message: [10, 1_000, 10_000], session: [10, 1_000, 5_000] }
/** They add to the sessions that they measure, so few of them where that counts. */
const ROUNDS = 60
const COLLECTION = 'bench'
const text = 'The quick brown fox jumps over the lazy dog, and the dog does not mind at all. '.repeat(6)
const turn = [
  { type: 'human', data: { content: text } },
  { type: 'ai', data: { content: text, tool_calls: [] } },
]

export async function benchRockset() {
  const folder = await mkdtemp(join(tmpdir(), 'hist-bench-rockset-'))
  const server = await startRocksetServer({ data: join(folder, 'bench.db') })
  const settings = { apiKey: 'any', apiServer: server.url }
  try {
    const results = []
    for (const layout of Object.keys(LENGTHS)) {
      const store = createRocksetHistory({ ...settings, collection: `${COLLECTION}-${layout}`, layout })
      results.push(await atLengths(layout, store))
      if (layout === 'message') results.push(await besideBare(store, rockset.default(settings.apiKey, server.url)))
      await store.close()
    }
    return results
  } finally {
    await server.close()
    await rm(folder, { recursive: true })
  }
}

/** Appends of one turn to sessions of several lengths, and reads from them, one after the other in random order. */
async function atLengths(layout, store) {
  const lengths = LENGTHS[layout]
  const appends = {}
  const reads = {}
  for (const length of lengths) {
    const chat = store.session(`length-${length}`)
    const messages = Array.from({ length }, (_, index) => turn[index % 2])
    await chat.append(messages, { timeoutMs: 60_000 })
    appends[`${length} messages`] = () => chat.append(turn)
    reads[`${length} messages`] = () => chat.messages({ last: 20 })
  }
  const base = `${lengths[0]} messages`
  const read = await medians(reads, ROUNDS)
  printRatios(`layout ${layout}: newest 20 of`, read, base)
  await medians(appends, ROUNDS / 10)
  const append = await medians(appends, ROUNDS)
  printRatios(`layout ${layout}: append of 2 messages of ${text.length} characters to`, append, base)
  return { layout, read, append }
}

/** The newest 20 of the longest session, by the same query without decoding; and one document more, without asking when it can be read. */
async function besideBare(store, client) {
  const chat = store.session(`length-${LENGTHS.message.at(-1)}`)
  const query =
    `SELECT m.seq AS seq, m.message AS message FROM commons."${COLLECTION}-message" m` +
    ' WHERE m.session_id = :s ORDER BY m.seq DESC LIMIT 20'
  const parameters = [{ name: 's', type: 'string', value: chat.sessionId }]
  const read = await medians(
    {
      'bare client': () => client.queries.query({ sql: { query, parameters } }),
      '@hist/rockset': () => chat.messages({ last: 20 }),
    },
    2 * ROUNDS,
  )
  printRatios(`newest 20 of ${LENGTHS.message.at(-1)} messages`, read, 'bare client')
  await client.collections.createCollection('commons', { name: 'bare' })
  let count = 0
  const append = await medians(
    {
      'bare client': () => {
        const data = turn.map(message => ({ _id: `s:${String(count++).padStart(12, '0')}`, session_id: 's', message }))
        return client.documents.addDocuments('commons', 'bare', { data })
      },
      '@hist/rockset': () => chat.append(turn),
    },
    2 * ROUNDS,
  )
  printRatios(`append of 2 messages of ${text.length} characters`, append, 'bare client')
  return { read, append }
}
