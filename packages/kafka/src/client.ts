import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { HistoryError } from '@hist/core'
import type { Cluster, ConsumerConfig, ISocketFactory, KafkaConfig, Message } from 'kafkajs'
import kafkajs from 'kafkajs'

/** Above the brokers' `broker.session.timeout.ms` (9 s by default): sooner, an append that waits for a dead replica would be sent again in vain. */
export const REQUEST_TIMEOUT_MS = 15_000
const KEEP_ALIVE_MS = 60_000

/** What an injected client must have: a `Kafka` instance of kafkajs 2. */
export interface KafkaClientLike {
  consumer(config: ConsumerConfig): { disconnect(): Promise<void> }
}

/** A record as kafkajs decodes it, with what is known of its batch. */
export interface FetchedRecord {
  readonly offset: string
  /** Milliseconds since 1970. */
  readonly timestamp: string
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, Buffer | string | readonly (Buffer | string)[] | undefined>>
  readonly key: Buffer | null
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}

export interface FetchedPartition {
  readonly partition: number
  /** Behind what all replicas in sync have. */
  readonly highWatermark: string
  /** Behind that, up to the first transaction that is open. */
  readonly lastStableOffset: string
  /** Where the log begins. */
  readonly lastStartOffset: string
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[]
  readonly messages: readonly FetchedRecord[]
}

export interface TopicPartitions<P> {
  readonly topic: string
  readonly partitions: readonly P[]
}

export interface MetadataAnswer {
  readonly controllerId: number
  readonly topicMetadata: readonly {
    readonly topic: string
    readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[]
  }[]
}

/** The members of kafkajs's `Broker` that are used. Some of them its types leave out; `checkBroker` looks for those. */
export interface KafkaBroker {
  readonly nodeId?: number | null
  readonly connectionPool: { readonly host: string; readonly port: number }
  connect(): Promise<void>
  disconnect(): Promise<void>
  isConnected(): boolean
  metadata(topics: readonly string[]): Promise<MetadataAnswer>
  fetch(request: {
    isolationLevel: number
    maxWaitTime: number
    minBytes: number
    maxBytes: number
    topics: readonly TopicPartitions<{ partition: number; fetchOffset: string; maxBytes: number }>[]
  }): Promise<{ responses: readonly { topicName: string; partitions: readonly FetchedPartition[] }[] }>
  listOffsets(request: {
    isolationLevel: number
    topics: readonly TopicPartitions<{ partition: number; timestamp: string }>[]
  }): Promise<{ responses: readonly TopicPartitions<{ partition: number; offset: string }>[] }>
  produce(request: {
    topicData: readonly TopicPartitions<{ partition: number; firstSequence: number; messages: readonly Message[] }>[]
    /** Typed as a number by kafkajs, but it is the decimal text that `initProducerId` gives. */
    producerId: string
    producerEpoch: number
    acks: number
    timeout: number
  }): Promise<{
    topics: readonly {
      topicName: string
      partitions: readonly { partition: number; errorCode: number; baseOffset: string }[]
    }[]
  }>
  initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>
  createTopics(request: {
    topics: readonly {
      topic: string
      numPartitions: number
      replicationFactor: number
      configEntries: readonly { name: string; value: string }[]
    }[]
    timeout: number
  }): Promise<unknown>
  deleteTopics(request: { topics: readonly string[]; timeout: number }): Promise<unknown>
  deleteRecords(request: { topics: readonly TopicPartitions<{ partition: number; offset: string }>[] }): Promise<unknown>
  findGroupCoordinator(request: { groupId: string; coordinatorType: number }): Promise<{ coordinator: { nodeId: number } }>
  offsetFetch(request: { groupId: string; topics: readonly TopicPartitions<{ partition: number }>[] }): Promise<{
    responses: readonly TopicPartitions<{ partition: number; offset: string; metadata: string | null }>[]
  }>
  offsetCommit(request: {
    groupId: string
    groupGenerationId: number
    memberId: string
    topics: readonly TopicPartitions<{ partition: number; offset: string; metadata?: string }>[]
  }): Promise<unknown>
}

/** The members of kafkajs's `BrokerPool` that are used: what its `Cluster` offers instead refreshes the metadata of all topics. */
export interface KafkaBrokerPool {
  readonly brokers: Readonly<Record<string, KafkaBroker>>
  readonly metadata: MetadataAnswer | null
  seedBroker: KafkaBroker | undefined
  connect(): Promise<void>
  findBroker(node: { nodeId: number | string }): Promise<KafkaBroker>
  refreshMetadata(topics: readonly string[]): Promise<void>
  removeBroker(address: { host: string; port: number }): void
}

/** A cluster object of a client, and how to give it back. */
export interface BorrowedCluster {
  readonly pool: KafkaBrokerPool
  /** Closes its connections; those of the client's own consumers and producers stay. */
  release(): Promise<void>
}

/** A client of our own. */
export interface OwnClient {
  readonly client: KafkaClientLike
  /** Ends what is left of its connections, and lets it make no more. */
  endConnections(): void
}

export function createClient(brokers: string[], options: Omit<KafkaConfig, 'brokers'>): OwnClient {
  // Connecting goes on with the next bootstrap server; beyond one round of them, calls are repeated here.
  const retry = { initialRetryTime: 50, retries: Math.max(2, brokers.length) }
  // kafkajs logs what comes out as errors here, and a topic that does not exist yet as an error.
  const defaults = { logLevel: kafkajs.logLevel.NOTHING, requestTimeout: REQUEST_TIMEOUT_MS, retry }
  const { socketFactory, end } = endable(options.socketFactory ?? createSocket)
  const client = new kafkajs.Kafka({ ...defaults, ...options, brokers, socketFactory })
  return { client, endConnections: end }
}

/** Closed, kafkajs waits for requests that hang, and repeats connecting if that was under way: the process would go on. */
function endable(createSocket: ISocketFactory): { socketFactory: ISocketFactory; end(): void } {
  const sockets = new Set<Socket>()
  let isEnded = false
  const destroy = (socket: Socket) => socket.destroy(new Error('the store is closed'))
  return {
    socketFactory(target) {
      const socket = createSocket(target)
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      if (isEnded) destroy(socket)
      return socket
    },
    end() {
      isEnded = true
      for (const socket of sockets) destroy(socket)
    },
  }
}

/** As kafkajs's own, but a request does not wait in the socket for the answer to the one before. */
const createSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
    : connectTcp({ host, port }, onConnect)
  return socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true)
}

const POOL_MEMBERS = ['connect', 'findBroker', 'refreshMetadata', 'removeBroker'] as const
const BROKER_MEMBERS = [
  'createTopics',
  'deleteRecords',
  'deleteTopics',
  'fetch',
  'findGroupCoordinator',
  'initProducerId',
  'listOffsets',
  'metadata',
  'offsetCommit',
  'offsetFetch',
  'produce',
] as const

/**
 * kafkajs hands its cluster object to every partition assigner (documented under "Custom partition assigner"), before `consumer()` returns.
 * The consumer never runs and joins no group: its group id stays in this process.
 *
 * @throws HistoryError `INVALID_CONFIGURATION` for a client that does not
 */
export function borrowCluster(client: KafkaClientLike): BorrowedCluster {
  let cluster: Cluster | undefined
  const protocol = { name: 'hist-none', metadata: Buffer.alloc(0) }
  let consumer: { disconnect(): Promise<void> } | undefined
  try {
    consumer = client.consumer({
      groupId: 'hist',
      allowAutoTopicCreation: false,
      partitionAssigners: [
        given => {
          cluster = given.cluster
          return { name: 'hist-none', version: 1, assign: async () => [], protocol: () => protocol }
        },
      ],
    })
  } catch (cause) {
    throw notKafkaJs('consumer() with partitionAssigners', cause)
  }
  const pool = (cluster as unknown as { brokerPool?: KafkaBrokerPool } | undefined)?.brokerPool
  if (consumer === undefined || pool === undefined) throw notKafkaJs('cluster.brokerPool')
  requireMembers(pool, POOL_MEMBERS, 'brokerPool')
  const borrowed = consumer
  return { pool, release: () => borrowed.disconnect() }
}

/** @throws HistoryError `INVALID_CONFIGURATION` naming what is missing */
export function checkBroker(broker: KafkaBroker): void {
  requireMembers(broker, BROKER_MEMBERS, 'broker')
}

function requireMembers<T extends object>(object: T, members: readonly (keyof T & string)[], owner: string): void {
  const missing = members.find(member => typeof object[member] !== 'function')
  if (missing !== undefined) throw notKafkaJs(`${owner}.${missing}()`)
}

function notKafkaJs(missing: string, cause?: unknown): HistoryError {
  return new HistoryError(
    `Kafka: the client lacks ${missing}; @hist/kafka works over kafkajs 2.x, also beside another client: pass a Kafka instance of kafkajs, or ` +
      'bootstrapServers',
    { code: 'INVALID_CONFIGURATION', cause },
  )
}
