import type { Socket } from 'node:net'
import type { KafkaApi } from './api.js'
import { Connection } from './connection.js'
import { openEntrance, refusedSocket } from './entrance.js'
import type { KafkaFault } from './fault.js'
import { type KafkaBroker, type KafkaRequest, readRequest } from './request.js'

/**
 * Decides what happens to a request; nothing said is `'pass'`. Called when the request arrives, also while others of its connection
 * wait; a promise holds it, and what comes behind it, until it resolves.
 */
export type KafkaRule = (request: KafkaRequest) => KafkaFault | undefined | Promise<KafkaFault | undefined>

/** Fits kafkajs's `ISocketFactory`. */
export type KafkaSocketFactory = (broker: {
  readonly host: string
  readonly port: number
  readonly ssl?: unknown
  readonly onConnect: () => void
}) => Socket

export interface ConnectionCounts {
  readonly open: number
  /** Since the start or the last `reset`. */
  readonly opened: number
}

/** A proxy on 127.0.0.1 in front of every broker that a client connects to. Bytes are forwarded as they are, unless a rule changes them. */
export interface KafkaProxy {
  /** Give it to the client: `new Kafka({ brokers, socketFactory: proxy.socketFactory })`. Throws when TLS is asked for. */
  readonly socketFactory: KafkaSocketFactory
  /** Requests of one api so far, whatever happened to them. */
  count(api: KafkaApi): number
  /** Those that are not 0. */
  counts(): Partial<Record<KafkaApi, number>>
  /** Of clients, to all brokers or to that of one port. What could not be established is not counted. */
  connections(port?: number): ConnectionCounts
  /** Replaces the rule; without one everything passes. */
  use(rule?: KafkaRule): void
  /** Destroys connections with all that is on their way, to all brokers or to that of one port. */
  cutConnections(port?: number): void
  /** Refuses new connections to the broker of this port; open ones stay. */
  blockPort(port: number): void
  unblockPort(port: number): void
  /** Starts counting anew, without a rule and blocked ports. Connections stay. */
  reset(): void
  /** Cuts every connection and stops listening. Rejects with the first error that a rule threw: it looked like a lost connection. */
  close(): Promise<void>
}

export async function startKafkaProxy(firstRule?: KafkaRule): Promise<KafkaProxy> {
  const counts = new Map<KafkaApi, number>()
  const opened = new Map<number, number>()
  const connections = new Set<Connection>()
  const blocked = new Set<number>()
  let rule = firstRule
  let closed = false
  let mistake: { error: unknown } | undefined
  const onMistake = (error: unknown) => {
    mistake ??= { error }
  }

  const decide = async (body: Buffer, broker: KafkaBroker): Promise<KafkaFault> => {
    try {
      const request = readRequest(body, broker, api => increment(counts, api))
      return (await rule?.(request)) ?? 'pass'
    } catch (error) {
      onMistake(error)
      return 'drop-before'
    }
  }

  const entrance = await openEntrance(({ broker, upstream, onConnect }, client) => {
    const connection = new Connection({
      broker,
      client,
      upstream,
      decide: body => decide(body, broker),
      onMistake,
      onClosed: () => connections.delete(connection),
    })
    connections.add(connection)
    if (closed || blocked.has(broker.port) || upstream.destroyed) connection.cut()
    else {
      increment(opened, broker.port)
      onConnect()
    }
    return frame => connection.request(frame)
  })
  const toPort = (port?: number) => [...connections].filter(({ broker }) => port === undefined || broker.port === port)

  return {
    socketFactory({ host, port, ssl, onConnect }) {
      if (ssl) throw new Error('The proxy reads what passes, so it cannot do TLS: connect it to a plain listener.')
      return closed || blocked.has(port) ? refusedSocket({ host, port }) : entrance.connect({ host, port }, onConnect)
    },
    count: api => counts.get(api) ?? 0,
    counts: () => Object.fromEntries(counts),
    connections: port => ({
      open: toPort(port).filter(({ isOpen }) => isOpen).length,
      opened: port === undefined ? sum(opened.values()) : (opened.get(port) ?? 0),
    }),
    use(next) {
      rule = next
    },
    cutConnections(port) {
      for (const connection of toPort(port)) connection.cut()
    },
    blockPort(port) {
      blocked.add(port)
    },
    unblockPort(port) {
      blocked.delete(port)
    },
    reset() {
      rule = undefined
      counts.clear()
      opened.clear()
      blocked.clear()
    },
    async close() {
      closed = true
      for (const connection of connections) connection.cut()
      await entrance.close()
      if (mistake !== undefined) throw mistake.error
    },
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key): number {
  const count = (counts.get(key) ?? 0) + 1
  counts.set(key, count)
  return count
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0)
}
