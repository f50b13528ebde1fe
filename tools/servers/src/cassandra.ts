import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CassandraAddress, Credentials } from './addresses.js'
import { cassandraParameters } from './cassandra-command.js'
import { cassandraConfig, LOGBACK } from './cassandra-config.js'
import { isReady, queryNode } from './cassandra-ready.js'
import { makeCertificate } from './certificate.js'
import { archiveFile, archiveFlags, makeArchive } from './class-archive.js'
import { nodeFolder, startCluster, stopCluster } from './cluster.js'
import { provideJars } from './jars.js'
import { findJava } from './java.js'
import { freePorts } from './ports.js'
import type { Progress } from './progress.js'
import { type ServerNode, StartedNode } from './server-node.js'

export interface CassandraOptions {
  /** @default 1 */
  readonly nodes?: 1 | 3
  /** `'periodic'` may lose acknowledged writes of the last 100 ms when the only node is killed. @default 'periodic' */
  readonly commitlogSync?: 'periodic' | 'batch'
  /** Passwords and permissions are checked. @default false */
  readonly authentication?: boolean
  /** The port takes TLS beside plain connections. @default false */
  readonly tls?: boolean
  /** Of cassandra.yaml; they win over ours, undefined removes one. */
  readonly settings?: Record<string, unknown>
  readonly onProgress?: Progress
}

export interface CassandraCluster extends CassandraAddress {
  readonly folder: string
  /** With `tls`, the certificate to trust, as PEM. */
  readonly ca?: string
  readonly nodes: readonly ServerNode[]
  /** Kills the nodes and removes their folders. */
  stop(): Promise<void>
}

const SUPERUSER: Credentials = { username: 'cassandra', password: 'cassandra' }

/**
 * Starts Cassandra from jars. It ends with this process at the latest.
 *
 * @throws ServerUnavailableError without Java 17, or when the jars can't be downloaded
 * @throws ServerStartError with the end of the log
 */
export async function startCassandra(options: CassandraOptions = {}): Promise<CassandraCluster> {
  const { nodes = 1, onProgress = () => undefined } = options
  const java = findJava()
  const lib = await provideJars('cassandra', onProgress)
  const archive = archiveFile(java, lib)
  // Making it takes 12 s, which three nodes save at once; one node only saves 1 s per start.
  if (nodes === 3) await makeArchive(archive, flags => startForArchive(java.program, lib, flags), onProgress)
  onProgress('starts')
  return startNodes(java.program, lib, archiveFlags(archive), options)
}

async function startNodes(
  program: string,
  lib: string,
  archive: readonly string[],
  options: CassandraOptions,
): Promise<CassandraCluster & { started: readonly StartedNode[] }> {
  const { nodes: count = 1, commitlogSync = 'periodic', authentication = false, tls = false, settings = {} } = options
  const hosts = Array.from({ length: count }, (_, index) => `127.0.0.${index + 1}`)
  const credentials = authentication ? SUPERUSER : undefined
  const choosePorts = async () => [...(await freePorts(2, hosts)), ...(await freePorts(count))]
  const { folder, started } = await startCluster('cassandra', choosePorts, async (cluster, ports) => {
    const [nativePort = 0, storagePort = 0, ...jmxPorts] = ports
    const certificate = tls ? await makeCertificate(cluster, hosts) : undefined
    const keystore = certificate?.keystore
    const nodes: StartedNode[] = hosts.map((host, index) => {
      const own = nodeFolder(cluster, index)
      const input = { folder: own, hosts, index, nativePort, storagePort, commitlogSync, authentication, keystore, settings }
      writeFileSync(join(own, 'cassandra.yaml'), cassandraConfig(input))
      writeFileSync(join(own, 'logback.xml'), LOGBACK)
      const command = { program, parameters: cassandraParameters(lib, own, jmxPorts[index] ?? 0, archive) }
      const ready = (node: StartedNode) => isReady(node, nodes, credentials)
      return new StartedNode({ host, port: nativePort, folder: own, command, isReady: ready })
    })
    for (const node of nodes) await node.start()
    return { nodes, port: nativePort, ca: certificate?.ca }
  })
  const { nodes, port, ca } = started
  return {
    contactPoints: hosts,
    port,
    localDataCenter: 'datacenter1',
    ...(credentials && { credentials }),
    ...(ca !== undefined && { ca }),
    folder,
    nodes,
    started: nodes,
    stop: () => stopCluster(folder),
  }
}

/** A node that has loaded what any use of Cassandra loads. */
async function startForArchive(program: string, lib: string, flags: readonly string[]) {
  const { started, stop } = await startNodes(program, lib, flags, {})
  const [node] = started
  if (node === undefined) throw new Error('unreachable')
  await queryNode(node, undefined, async client => {
    await client.execute(`CREATE KEYSPACE warm WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`)
    await client.execute('CREATE TABLE warm.warm (key int PRIMARY KEY, value text)')
    for (let key = 0; key < 50; key += 1) {
      await client.execute('INSERT INTO warm.warm (key, value) VALUES (?, ?)', [key, 'value'], { prepare: true })
      await client.execute('SELECT value FROM warm.warm WHERE key = ?', [key], { prepare: true })
    }
  })
  return { node, stop }
}
