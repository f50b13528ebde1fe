import { argumentError, type Call, type SessionSlice } from '@hist/core'
import { PartitionLog } from './partition-log.js'
import { read } from './read.js'
import { sessionInRecord } from './record.js'
import { PARTITION, type Topics } from './schema.js'
import { HASHED, sessionOf } from './topic-name.js'

/** Topics that are looked into for each page. */
const PAGE = 100
const FIRST_BYTES = 64 * 1_024

/** Sessions whose topics begin with the prefix and hold a message. The names of all topics of the cluster are asked for. */
export async function sessions(
  topics: Topics,
  { prefix = '', after }: { readonly prefix?: string | undefined; readonly after?: string | undefined },
  call: Call,
): Promise<SessionSlice> {
  const { topicPrefix } = topics.settings
  if (after !== undefined && !after.startsWith(topicPrefix))
    throw argumentError('after is not a place in the sessions of Kafka topics')
  const names = (await topics.brokers.topics())
    .filter(name => name.startsWith(topicPrefix) && (after === undefined || name > after))
    .sort()
  const page = names.slice(0, PAGE)
  const found = await Promise.all(
    page.map(async topic => {
      const session = sessionOf(topicPrefix, topic) ?? (await sessionInTopic(topics, topic, call))
      if (session === undefined || !session.startsWith(prefix)) return undefined
      const { entries } = await read(topics, topic, { order: 'newest-first', limit: 1 }, call)
      return entries.length > 0 ? session : undefined
    }),
  )
  const sessions = found.filter(session => session !== undefined)
  const last = page.at(-1)
  return last !== undefined && names.length > PAGE ? { sessions, next: last } : { sessions }
}

/** Of a topic whose name is a hash: as its first record says. */
async function sessionInTopic(topics: Topics, topic: string, call: Call): Promise<string | undefined> {
  if (!topic.startsWith(`${topics.settings.topicPrefix}${HASHED}`)) return undefined
  const log = new PartitionLog(topics, topic, PARTITION, call)
  const { records } = await log.fetch(await log.start(), await log.end(), FIRST_BYTES)
  return records.map(({ record }) => sessionInRecord(record)).find(session => session !== undefined)
}
