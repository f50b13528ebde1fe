import { type HistoryError, isHistoryError } from '@hist/core'
import { type KafkaFault, type KafkaProxy, type KafkaRequest, type ProducedBatch, startKafkaProxy } from '@hist/fault-proxy/kafka'
import type { KafkaAddress } from '@hist/servers'
import kafkajs, { type KafkaConfig, type Message } from 'kafkajs'
import { borrowCluster, createClient } from '../src/client.js'
import { clientOptionsOf } from './database.js'

/** A record batch on its way to a broker. */
export interface SentBatch extends ProducedBatch {
  readonly topic: string
  /** The same for all batches of one request. */
  readonly request: KafkaRequest
}

/** A proxy that remembers what was sent in Produce requests. */
export interface Wire {
  readonly proxy: KafkaProxy
  readonly clientOptions: Omit<KafkaConfig, 'brokers'>
  /** Since the last `reset`. */
  readonly sent: readonly SentBatch[]
  /** Of this topic. */
  sentTo(
    topic: string,
  ): { readonly producerId: bigint; readonly epoch: number; readonly sequence: number; readonly count: number }[]
  /** What happens to Produce requests from now on. */
  produce(decide: (request: KafkaRequest) => KafkaFault | undefined | Promise<KafkaFault | undefined>): void
  /** What happens to requests from now on. */
  all(decide: (request: KafkaRequest) => KafkaFault | undefined | Promise<KafkaFault | undefined>): void
  /** Everything passes, and nothing was sent. */
  reset(): void
}

export async function startWire(): Promise<Wire> {
  const proxy = await startKafkaProxy()
  const sent: SentBatch[] = []
  const all: Wire['all'] = decide => {
    proxy.use(request => {
      for (const { topic, partitions } of request.produce?.topics ?? [])
        sent.push(...partitions.map(batch => ({ topic, request, ...batch })))
      return decide(request)
    })
  }
  const produce: Wire['produce'] = decide => all(request => (request.api === 'Produce' ? decide(request) : undefined))
  const reset = () => {
    proxy.reset()
    sent.length = 0
    produce(() => undefined)
  }
  reset()
  return {
    proxy,
    clientOptions: { socketFactory: proxy.socketFactory, logLevel: kafkajs.logLevel.NOTHING },
    sent,
    sentTo: name =>
      sent
        .filter(({ topic }) => topic === name)
        .map(({ producerId, producerEpoch, baseSequence, recordCount }) => ({
          producerId,
          epoch: producerEpoch,
          sequence: baseSequence,
          count: recordCount,
        })),
    produce,
    all,
    reset,
  }
}

/** The numbers of Kafka's error codes. */
export const NOT_LEADER = 6
export const TOPIC_AUTHORIZATION_FAILED = 29
export const OUT_OF_ORDER_SEQUENCE_NUMBER = 45

/** Puts the error into the answer to a Produce request for one partition. */
export function withError(code: number): (body: Buffer) => Buffer {
  return body => {
    const answer = Buffer.from(body)
    // Number of topics, name, number of partitions, partition; then the code.
    const name = answer.readInt16BE(4)
    answer.writeInt16BE(code, 4 + 2 + name + 4 + 4)
    return answer
  }
}

/** An answer to a Produce request for this topic, version 7. */
export function refusal(topic: string, code: number): Buffer {
  const name = Buffer.from(topic)
  const answer = Buffer.alloc(4 + 2 + name.length + 4 + 4 + 2 + 8 + 8 + 8 + 4)
  let at = answer.writeInt32BE(1, 0)
  at = answer.writeInt16BE(name.length, at)
  at += name.copy(answer, at)
  at = answer.writeInt32BE(1, at)
  at = answer.writeInt32BE(0, at)
  at = answer.writeInt16BE(code, at)
  for (let number = 0; number < 3; number++) at = answer.writeBigInt64BE(-1n, at)
  return answer
}

/** An answer to a Metadata request for this topic, version 6. */
export function metadataRefusal(topic: string, code: number): Buffer {
  const name = Buffer.from(topic)
  const answer = Buffer.alloc(4 + 4 + 2 + 4 + 4 + 2 + 2 + name.length + 1 + 4)
  // Behind the throttle time: no brokers, no cluster id, no controller.
  let at = answer.writeInt32BE(0, 4)
  at = answer.writeInt16BE(-1, at)
  at = answer.writeInt32BE(-1, at)
  at = answer.writeInt32BE(1, at)
  at = answer.writeInt16BE(code, at)
  at = answer.writeInt16BE(name.length, at)
  name.copy(answer, at)
  return answer
}

/** One batch, as a producer with this id and at this place in its sequence would send it. */
export async function produceAs(
  producer: { readonly producerId: bigint; readonly epoch: number; readonly sequence: number },
  address: KafkaAddress,
  topic: string,
  messages: readonly Message[],
): Promise<void> {
  const { pool, release } = borrowCluster(createClient(address.bootstrapServers.split(','), clientOptionsOf(address)).client)
  try {
    await pool.connect()
    await pool.refreshMetadata([topic])
    const leader = pool.metadata?.topicMetadata[0]?.partitionMetadata[0]?.leader ?? -1
    const broker = await pool.findBroker({ nodeId: leader })
    await broker.produce({
      topicData: [{ topic, partitions: [{ partition: 0, firstSequence: producer.sequence, messages }] }],
      producerId: String(producer.producerId),
      producerEpoch: producer.epoch,
      acks: -1,
      timeout: 5_000,
    })
  } finally {
    await release()
  }
}

export async function failureOf(call: Promise<unknown>): Promise<HistoryError> {
  const error: unknown = await call.then(
    () => new Error('resolved'),
    error => error,
  )
  if (!isHistoryError(error)) throw error
  return error
}

/** A door that is shut until it is opened. */
export function door(): { readonly passed: Promise<void>; open(): void } {
  let open: () => void = () => undefined
  const passed = new Promise<void>(resolve => (open = resolve))
  return { passed, open }
}
