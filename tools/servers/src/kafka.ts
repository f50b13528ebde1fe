import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Credentials, KafkaAddress } from './addresses.js'
import { makeCertificate } from './certificate.js'
import { nodeFolder, startCluster, stopCluster } from './cluster.js'
import { ServerStartError } from './errors.js'
import { provideJars } from './jars.js'
import { findJava } from './java.js'
import { type BrokerPorts, KAFKA_USER, type KafkaListener, kafkaConfig, LISTENERS } from './kafka-config.js'
import { isReady } from './kafka-ready.js'
import { freePorts } from './ports.js'
import type { Progress } from './progress.js'
import { type ServerNode, StartedNode } from './server-node.js'
import { endOfLog, spawnServer } from './spawn-server.js'

export interface KafkaOptions {
  /** @default 1 */
  readonly nodes?: 1 | 3
  /** Opens listeners with TLS, SASL and both beside the plain one. @default false */
  readonly secured?: boolean
  /** Of server.properties; they win over ours, undefined removes one. */
  readonly settings?: Record<string, unknown>
  readonly onProgress?: Progress
}

export interface KafkaCluster extends KafkaAddress {
  readonly folder: string
  readonly secured?: SecuredListeners
  readonly nodes: readonly ServerNode[]
  /** Kills the brokers and removes their folders. */
  stop(): Promise<void>
}

/** Bootstrap servers by protocol. */
export interface SecuredListeners {
  readonly ssl: string
  readonly saslPlaintext: string
  readonly saslSsl: string
  /** The certificate to trust, as PEM. */
  readonly ca: string
  /** For PLAIN and SCRAM-SHA-256. */
  readonly credentials: Credentials
}

/** Any will do; all brokers of a cluster need the same. */
const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qg'

const JVM = ['-Xms256m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true']

/**
 * Starts Kafka from jars, each process broker and controller. It ends with this process at the latest.
 *
 * @throws ServerUnavailableError without Java 17, or when the jars can't be downloaded
 * @throws ServerStartError with the end of the log
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const { nodes: count = 1, secured = false, settings = {}, onProgress = () => undefined } = options
  const { program } = findJava()
  const lib = await provideJars('kafka', onProgress)
  onProgress('starts')
  const names = secured ? LISTENERS : LISTENERS.slice(0, 1)
  const java = [...JVM, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', join(lib, '*')]
  const choosePorts = () => freePorts(count * (names.length + 1))
  const { folder, started } = await startCluster('kafka', choosePorts, async (cluster, ports) => {
    const brokers = Array.from({ length: count }, (_, index) => portsOf(names, ports, index))
    const certificate = secured ? await makeCertificate(cluster, ['127.0.0.1']) : undefined
    const nodes: StartedNode[] = brokers.map(({ listeners }, index) => {
      const own = nodeFolder(cluster, index)
      const file = join(own, 'server.properties')
      writeFileSync(file, kafkaConfig({ folder: own, brokers, index, keystore: certificate?.keystore, settings }))
      const command = { program, parameters: [...java, 'kafka.Kafka', file] }
      const port = listeners.get('PLAINTEXT') ?? 0
      return new StartedNode({ host: '127.0.0.1', port, folder: own, command, isReady: node => isReady(node, nodes) })
    })
    await Promise.all(nodes.map(node => format(node.folder, program, java, secured)))
    // All at once: a lone controller has no quorum.
    await Promise.all(nodes.map(node => node.start()))
    return { nodes, brokers, ca: certificate?.ca }
  })
  const { nodes, brokers, ca } = started
  const bootstrap = (name: KafkaListener) => brokers.map(({ listeners }) => `127.0.0.1:${listeners.get(name)}`).join(',')
  return {
    bootstrapServers: bootstrap('PLAINTEXT'),
    ...(ca !== undefined && {
      secured: {
        ssl: bootstrap('SSL'),
        saslPlaintext: bootstrap('SASL_PLAINTEXT'),
        saslSsl: bootstrap('SASL_SSL'),
        ca,
        credentials: KAFKA_USER,
      },
    }),
    folder,
    nodes,
    stop: () => stopCluster(folder),
  }
}

/** The ports of all brokers are one list: each has one per listener, then one for the controller. */
function portsOf(names: readonly KafkaListener[], ports: readonly number[], index: number): BrokerPorts {
  const size = names.length + 1
  const own = ports.slice(index * size, (index + 1) * size)
  return { controller: own.at(-1) ?? 0, listeners: new Map(names.map((name, listener) => [name, own[listener] ?? 0])) }
}

async function format(folder: string, program: string, java: readonly string[], secured: boolean): Promise<void> {
  const { username, password } = KAFKA_USER
  const users = secured ? ['--add-scram', `SCRAM-SHA-256=[name=${username},password=${password}]`] : []
  const config = ['--config', join(folder, 'server.properties'), '--ignore-formatted']
  const parameters = [...java, 'kafka.tools.StorageTool', 'format', `--cluster-id=${CLUSTER_ID}`, ...config, ...users]
  const child = await spawnServer(folder, { program, parameters })
  child.ref()
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
  if (code !== 0) throw new ServerStartError(`Kafka's storage could not be formatted. ${endOfLog(folder)}`)
}
