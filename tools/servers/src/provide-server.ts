import type { Addresses, ServerName } from './addresses.js'
import { startCassandra } from './cassandra.js'
import { dockerAnswers, startInDocker } from './docker.js'
import { addressFromEnvironment, syntaxOf, variableOf } from './environment.js'
import { ServerStartError, ServerUnavailableError } from './errors.js'
import { startKafka } from './kafka.js'
import { startMoto } from './moto.js'
import type { Progress } from './progress.js'

export interface ProvidedServer<Name extends ServerName> {
  readonly address: Addresses[Name]
  /** The cluster's folder, when it was started for this. */
  readonly folder?: string
  /** Ends it, if it was started for this. */
  stop(): Promise<void>
}

export interface StartOptions {
  /** Of Cassandra and Kafka; DynamoDB is one process. @default 1 */
  readonly nodes?: 1 | 3
  readonly onProgress: Progress
}

interface Starter<Name extends ServerName> {
  docker?(): Promise<ProvidedServer<Name>>
  program(options: StartOptions): Promise<ProvidedServer<Name>>
}

const starters = {
  cassandra: {
    async docker() {
      const { port, ...cluster } = await startInDocker('cassandra')
      return { ...cluster, address: { contactPoints: ['127.0.0.1'], port, localDataCenter: 'datacenter1' } }
    },
    async program(options) {
      const { contactPoints, port, localDataCenter, folder, stop } = await startCassandra(options)
      return { folder, stop, address: { contactPoints, port, localDataCenter } }
    },
  },
  kafka: {
    async docker() {
      const { port, ...cluster } = await startInDocker('kafka')
      return { ...cluster, address: { bootstrapServers: `127.0.0.1:${port}` } }
    },
    async program(options) {
      const { bootstrapServers, folder, stop } = await startKafka(options)
      return { folder, stop, address: { bootstrapServers } }
    },
  },
  dynamodb: {
    // Not in Docker: moto's image starts it with threads, and its updates are atomic with one only.
    async program(options) {
      const { endpoint, folder, stop } = await startMoto(options)
      return { folder, stop, address: { endpoint } }
    },
  },
} satisfies { [Name in ServerName]?: Starter<Name> }

/**
 * The address in the server's environment variable, else Docker, else jars or Python packages; these also when Docker fails, and says why.
 *
 * @throws ServerUnavailableError that says what to install
 */
export async function provideServer<Name extends ServerName>(name: Name, options: StartOptions): Promise<ProvidedServer<Name>> {
  const address = addressFromEnvironment(name)
  if (address) return { address, stop: async () => undefined }
  const starter = (starters as { [Key in ServerName]?: Starter<Key> })[name]
  const variable = `set ${variableOf(name)} to ${syntaxOf(name)}`
  if (!starter) throw new ServerUnavailableError(`${name} is not started here: ${variable}`)
  // Containers have addresses that the host may not reach: several nodes are never in Docker.
  if (starter.docker && options.nodes !== 3 && dockerAnswers()) {
    try {
      return await starter.docker()
    } catch (error) {
      if (!(error instanceof ServerStartError)) throw error
      console.error(`${error.message}\n${name}: starts without it`)
    }
  }
  try {
    return await starter.program(options)
  } catch (error) {
    if (!(error instanceof ServerUnavailableError)) throw error
    throw new ServerUnavailableError(`${name} ${error.message}; or ${starter.docker ? 'install Docker, or ' : ''}${variable}`)
  }
}
