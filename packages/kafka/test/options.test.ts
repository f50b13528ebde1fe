import { describe, expect, test } from 'vitest'
import { addressesIn, checkKafkaOptions, type KafkaOptions, topicSettings } from '../src/options.js'

const client = { consumer: () => ({ disconnect: async () => {} }) }
const bootstrapServers = '127.0.0.1:9092'

function refusal(options: unknown): string {
  try {
    checkKafkaOptions(options as KafkaOptions)
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as TypeError).message
  }
  return expect.fail(`accepted: ${JSON.stringify(options)}`)
}

describe('options', () => {
  test.each<[KafkaOptions]>([
    [{ bootstrapServers }],
    [{ bootstrapServers: 'a:9092, b.example.com:9093' }],
    [{ bootstrapServers: ['a:9092', 'b:65535'], clientOptions: { ssl: true, clientId: 'app' } }],
    [{ client }],
    [{ client, topicPrefix: 'p'.repeat(181), clearMode: 'delete-topic', setupMode: 'off' }],
    [{ client, topicPrefix: '.', ttlMs: -1, replicationFactor: -1, partition: 3, maxMessageBytes: 65_536 }],
    [{ client, topicPrefix: '_a', ttlMs: 1, replicationFactor: 3, maxMessageBytes: 67_108_864 }],
    [{ client, topicConfig: { 'cleanup.policy': 'delete', 'min.insync.replicas': 2, preallocate: false } }],
    [{ client, topicPrefix: '', clearMode: 'truncate', setupMode: 'async', timeoutMs: 60_000 }],
  ])('that are right: %j', options => {
    expect(() => checkKafkaOptions(options)).not.toThrow()
  })

  test.each([
    [undefined, 'options'],
    [{}, 'bootstrapServers'],
    [{ clientOptions: {} }, 'bootstrapServers'],
    [{ bootstrapServers: '' }, 'bootstrapServers'],
    [{ bootstrapServers: [] }, 'bootstrapServers'],
    [{ bootstrapServers: [9092] }, 'bootstrapServers'],
    [{ bootstrapServers: ['a:9092,b:9092'] }, 'bootstrapServers'],
    [{ bootstrapServers: 'kafka' }, 'bootstrapServers'],
    [{ bootstrapServers: 'kafka:' }, 'bootstrapServers'],
    [{ bootstrapServers: 'kafka:0' }, 'bootstrapServers'],
    [{ bootstrapServers: 'kafka:65536' }, 'bootstrapServers'],
    [{ bootstrapServers: 'a:9092,' }, 'bootstrapServers'],
    [{ bootstrapServers: 'SSL://a:9092' }, 'bootstrapServers'],
    [{ bootstrapServers: '[::1]:9092' }, 'bootstrapServers'],
    [{ bootstrapServers, clientOptions: true }, 'clientOptions'],
    [{ bootstrapServers, clientOptions: { brokers: ['a:9092'] } }, 'bootstrapServers'],
    [{ client: {} }, 'client'],
    [{ client, bootstrapServers }, 'bootstrapServers'],
    [{ client, clientOptions: {} }, 'clientOptions'],
    [{ client, ttlMs: 0 }, 'ttlMs'],
    [{ client, ttlMs: -2 }, 'ttlMs'],
    [{ client, ttlMs: 1.5 }, 'ttlMs'],
    [{ client, ttlMs: '1000' }, 'ttlMs'],
    [{ client, replicationFactor: 0 }, 'replicationFactor'],
    [{ client, replicationFactor: 32_768 }, 'replicationFactor'],
    [{ client, partition: 0 }, 'partition'],
    [{ client, partition: -1 }, 'partition'],
    [{ client, topicPrefix: 'a/b' }, 'topicPrefix'],
    [{ client, topicPrefix: 'é' }, 'topicPrefix'],
    [{ client, topicPrefix: 'a\n' }, 'topicPrefix'],
    [{ client, topicPrefix: 'p'.repeat(182) }, 'topicPrefix'],
    [{ client, topicPrefix: '__chat' }, 'topicPrefix'],
    [{ client, topicPrefix: '_' }, 'topicPrefix'],
    [{ client, clearMode: 'delete' }, 'clearMode'],
    [{ client, clearMode: 'delete-topic' }, 'topicPrefix'],
    [{ client, clearMode: 'delete-topic', topicPrefix: '' }, 'topicPrefix'],
    [{ client, setupMode: 'SYNC' }, 'setupMode'],
    [{ client, topicConfig: 'a=b' }, 'topicConfig'],
    [{ client, topicConfig: [] }, 'topicConfig'],
    [{ client, topicConfig: { a: null } }, 'topicConfig'],
    [{ client, topicConfig: { 'retention.ms': 1 } }, 'ttlMs'],
    [{ client, topicConfig: { 'cleanup.policy': 'compact' } }, 'cleanup.policy'],
    [{ client, topicConfig: { 'cleanup.policy': 'compact,delete' } }, 'cleanup.policy'],
    [{ client, maxMessageBytes: 65_535 }, 'maxMessageBytes'],
    [{ client, maxMessageBytes: 67_108_865 }, 'maxMessageBytes'],
    [{ client, timeoutMs: 0 }, 'timeoutMs'],
    [{ client, nonsense: 1 }, 'nonsense'],
  ])('that are wrong are a TypeError that names them: %j', (options, named) => {
    expect(refusal(options)).toMatch(new RegExp(`^@hist/kafka: .*\\b${named}\\b`))
  })

  test.each([
    ['session_id', 'sessionId'],
    ['sessionId', 'store.session'],
    ['bootstrap_servers', 'bootstrapServers'],
    ['ttl_ms', 'ttlMs'],
    ['ttlSeconds', 'ttlMs'],
    ['replication_factor', 'replicationFactor'],
    ['brokers', 'bootstrapServers'],
    ['ssl', 'clientOptions'],
    ['sasl', 'clientOptions'],
    ['clientId', 'clientOptions'],
    ['requestTimeout', 'clientOptions'],
    ['retry', 'clientOptions'],
    ['topic', 'topicPrefix'],
    ['numPartitions', 'partition'],
  ])('of other classes are refused with the name here: %s, %s', (theirs, ours) => {
    expect(refusal({ client, [theirs]: 1 })).toMatch(new RegExp(`unknown option '${theirs}'; .*\\b${ours}\\b`))
  })

  test('are never quoted: secrets are among them', () => {
    const sasl = { mechanism: 'plain', username: 'app', password: 'hunter2' }
    expect(refusal({ bootstrapServers, clientOptions: { sasl, brokers: [] } })).not.toContain('hunter2')
    expect(refusal({ bootstrapServers: 'app:hunter2@a:9092' })).not.toContain('hunter2')
  })

  test('say why a topic is not deleted without a prefix', () => {
    expect(refusal({ client, clearMode: 'delete-topic' })).toMatch(/topicPrefix; without one, .* delete the topic orders/)
  })
})

describe('settings', () => {
  test('have defaults', () => {
    expect(topicSettings({ bootstrapServers })).toMatchObject({
      topicPrefix: '',
      ttlMs: 604_800_000,
      expires: false,
      replicationFactor: -1,
      partitionCount: 1,
      clearMode: 'truncate',
      setupMode: 'sync',
      topicConfig: {},
      maxMessageBytes: 1_048_588,
      requestTimeoutMs: 15_000,
    })
  })

  test('are the options', () => {
    const clock = { now: () => 1n }
    const topicConfig = { 'min.insync.replicas': 2 }
    const options = { topicPrefix: 'a', replicationFactor: 3, clearMode: 'delete-topic', setupMode: 'off', topicConfig } as const
    const own = { bootstrapServers, clientOptions: { requestTimeout: 5_000 } }
    expect(topicSettings({ ...own, ...options, ttlMs: 60_000, partition: 3, maxMessageBytes: 100_000, clock })).toMatchObject({
      ...options,
      ttlMs: 60_000,
      expires: true,
      partitionCount: 3,
      maxMessageBytes: 100_000,
      requestTimeoutMs: 5_000,
      clock,
    })
  })

  test('let messages expire only when asked to: with the default, the brokers decide', () => {
    expect(topicSettings({ client, ttlMs: -1 })).toMatchObject({ ttlMs: -1, expires: false })
    expect(topicSettings({ client, ttlMs: 604_800_000 }).expires).toBe(true)
  })

  test('have the addresses of brokers as kafkajs takes them', () => {
    expect(addressesIn('a:9092, b:9093')).toEqual(['a:9092', 'b:9093'])
    expect(addressesIn(['a:9092', 'b:9093'])).toEqual(['a:9092', 'b:9093'])
  })
})
