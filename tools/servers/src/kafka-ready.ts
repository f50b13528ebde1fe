import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { acceptsConnections } from './ports.js'
import type { StartedNode } from './server-node.js'

/** An open port says little: the broker is ready when the cluster knows every broker that runs, and a topic on all of them can be made. */
export async function isReady(node: StartedNode, cluster: readonly StartedNode[]): Promise<boolean> {
  if (!(await acceptsConnections(node.port, node.host))) return false
  const live = cluster.filter(other => other.isLive)
  const kafka = new Kafka({
    brokers: [`${node.host}:${node.port}`],
    logLevel: logLevel.NOTHING,
    retry: { retries: 3, initialRetryTime: 50 },
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const { brokers } = await admin.describeCluster()
    if (brokers.length !== live.length) return false
    const topic = `ready-${randomUUID()}`
    try {
      await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: live.length }], timeout: 5000 })
    } finally {
      // Made, it may still be unknown to a broker that is asked for its leader.
      await admin.deleteTopics({ topics: [topic], timeout: 5000 })
    }
    return true
  } finally {
    await admin.disconnect()
  }
}
