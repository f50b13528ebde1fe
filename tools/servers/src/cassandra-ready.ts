import cassandra from 'cassandra-driver'
import type { Credentials } from './addresses.js'
import { acceptsConnections } from './ports.js'
import type { StartedNode } from './server-node.js'

const { AllowListPolicy, RoundRobinPolicy } = cassandra.policies.loadBalancing

/** Kept on every node by three replicas, whatever the number of nodes. */
const REPLICATED = 'SELECT * FROM system_distributed.view_build_status LIMIT 1'

/** A node is ready when it answers, and each node that runs sees as many others up as there are. */
export async function isReady(node: StartedNode, cluster: readonly StartedNode[], credentials?: Credentials): Promise<boolean> {
  if (!(await acceptsConnections(node.port, node.host))) return false
  await queryNode(node, credentials, client => client.execute('SELECT release_version FROM system.local'))
  const live = cluster.filter(other => other.isLive)
  if (live.length === 1) return true
  // Consistency n is refused by a node that does not see n replicas up. ONE, TWO and THREE are 1, 2 and 3.
  const consistency = live.length
  await Promise.all(live.map(other => queryNode(other, credentials, client => client.execute(REPLICATED, [], { consistency }))))
  return true
}

/** Runs queries on this very node. */
export async function queryNode<T>(
  { host, port }: { readonly host: string; readonly port: number },
  credentials: Credentials | undefined,
  work: (client: cassandra.Client) => Promise<T>,
): Promise<T> {
  const client = new cassandra.Client({
    contactPoints: [host],
    localDataCenter: 'datacenter1',
    protocolOptions: { port },
    ...(credentials && { credentials }),
    policies: { loadBalancing: new AllowListPolicy(new RoundRobinPolicy(), [`${host}:${port}`]) },
    isMetadataSyncEnabled: false,
  })
  try {
    return await work(client)
  } finally {
    await client.shutdown()
  }
}
