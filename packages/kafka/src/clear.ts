import type { Call } from '@hist/core'
import { pause } from '@hist/core/backend'
import { isOutOfRange, isUnknownTopic } from './errors.js'
import { logsOf, READ_UNCOMMITTED } from './partition-log.js'
import type { Topics } from './schema.js'

const DELETE_LIMIT_MS = 8_000
const LOOK_AGAIN_MS = 5

/**
 * Deletes the records that are there now; offsets go on. A topic that does not exist is not made. Up to an end that is known: "all" is what the
 * leader knows to be on all replicas, which right after an election may be less than what was acknowledged.
 */
export async function truncate(topics: Topics, topic: string, call: Call): Promise<void> {
  const logs = (await logsOf(topics, topic, call)) ?? []
  await Promise.all(
    logs.map(async log => {
      const { partition } = log
      const end = await log.end(READ_UNCOMMITTED)
      try {
        await log.ask(broker => broker.deleteRecords({ topics: [{ topic, partitions: [{ partition, offset: String(end) }] }] }))
      } catch (error) {
        // The end that is remembered may be that of another topic of this name. Core tries again.
        if (isOutOfRange(error)) topics.forget(topic)
        throw error
      }
    }),
  )
}

/**
 * Deletes the topic, and waits until the brokers that led it know no more of it: one that has not heard yet could still acknowledge what
 * then goes with the topic.
 */
export async function deleteTopic(topics: Topics, topic: string, call: Call): Promise<void> {
  topics.forget(topic)
  const leaders = await topics.leaders(topic)
  if (leaders === undefined) return
  try {
    await topics.brokers.askController(DELETE_LIMIT_MS, broker => broker.deleteTopics({ topics: [topic], timeout: 5_000 }))
  } catch (error) {
    if (!isUnknownTopic(error)) throw error
  }
  for (const leader of new Set(leaders)) while (await isKnownTo(topics, leader, topic)) await pause(LOOK_AGAIN_MS, call)
  topics.forget(topic)
}

async function isKnownTo(topics: Topics, nodeId: number, topic: string): Promise<boolean> {
  try {
    await topics.brokers.ask(nodeId, topic, DELETE_LIMIT_MS, broker => broker.metadata([topic]))
    return true
  } catch (error) {
    if (isUnknownTopic(error)) return false
    throw error
  }
}
