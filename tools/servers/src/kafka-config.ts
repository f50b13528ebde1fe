import { join } from 'node:path'
import type { Credentials } from './addresses.js'
import { KEYSTORE_PASSWORD } from './certificate.js'

export const KAFKA_USER: Credentials = { username: 'hist', password: 'secret' }

/** The listeners for clients; the last three only when asked for. */
export const LISTENERS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const

export type KafkaListener = (typeof LISTENERS)[number]

export interface BrokerPorts {
  readonly controller: number
  readonly listeners: ReadonlyMap<KafkaListener, number>
}

export interface KafkaConfigInput {
  readonly folder: string
  readonly brokers: readonly BrokerPorts[]
  readonly index: number
  readonly keystore: string | undefined
  readonly settings: Record<string, unknown>
}

/** @returns server.properties */
export function kafkaConfig(input: KafkaConfigInput): string {
  const config: Record<string, unknown> = {
    ...commonConfig(input),
    ...(input.brokers.length > 1 && severalBrokers(input.brokers.length)),
    ...(input.keystore && secured(input.keystore)),
    ...input.settings,
  }
  const lines = Object.entries(config).map(([name, value]) => (value === undefined ? '' : `${name}=${value}\n`))
  return lines.join('')
}

function commonConfig({ folder, brokers, index }: KafkaConfigInput) {
  const { controller, listeners } = brokers[index] ?? { controller: 0, listeners: new Map<KafkaListener, number>() }
  const open = [...listeners].map(([name, port]) => `${name}://127.0.0.1:${port}`)
  return {
    'process.roles': 'broker,controller',
    'node.id': index + 1,
    'controller.quorum.voters': brokers.map((broker, other) => `${other + 1}@127.0.0.1:${broker.controller}`).join(','),
    listeners: [...open, `CONTROLLER://127.0.0.1:${controller}`].join(','),
    'advertised.listeners': open.join(','),
    'listener.security.protocol.map': [...LISTENERS.map(name => `${name}:${name}`), 'CONTROLLER:PLAINTEXT'].join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    // A relative one would be taken from the working directory.
    'log.dirs': join(folder, 'data'),
    'num.network.threads': 2,
    'num.io.threads': 2,
    'num.partitions': 1,
    'auto.create.topics.enable': false,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.num.partitions': 1,
    ...replication(1, 1),
    'log.cleaner.dedupe.buffer.size': 2_097_152,
    'log.segment.bytes': 16_777_216,
    'log.retention.check.interval.ms': 1000,
  }
}

function severalBrokers(count: number) {
  return {
    ...replication(count, 2),
    'default.replication.factor': count,
    'min.insync.replicas': 2,
    'unclean.leader.election.enable': false,
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    'replica.lag.time.max.ms': 3000,
    'controller.quorum.election.timeout.ms': 500,
    'controller.quorum.fetch.timeout.ms': 1000,
    // One broker keeps the default of 3 s: there a group join that nobody meant shows.
    'group.initial.rebalance.delay.ms': 0,
  }
}

function replication(factor: number, inSync: number) {
  return {
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': inSync,
  }
}

function secured(keystore: string) {
  const login = 'org.apache.kafka.common.security'
  const { username, password } = KAFKA_USER
  const mechanisms = ['sasl_plaintext', 'sasl_ssl'].flatMap(listener => [
    [
      `listener.name.${listener}.plain.sasl.jaas.config`,
      `${login}.plain.PlainLoginModule required user_${username}="${password}";`,
    ],
    [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`, `${login}.scram.ScramLoginModule required;`],
  ])
  return {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256',
    ...Object.fromEntries(mechanisms),
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': keystore,
    'ssl.keystore.password': KEYSTORE_PASSWORD,
    'ssl.key.password': KEYSTORE_PASSWORD,
  }
}
