import { createKafkaHistory, type KafkaOptions } from '@hist/kafka/store'
import { type KafkaCluster, startKafka } from '@hist/servers'
import { describeWithJava } from '@hist/servers/vitest'
import kafkajs, { type KafkaConfig } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'

type ClientOptions = Omit<KafkaConfig, 'brokers'>

const AUTHORIZER = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } = kafkajs

describeWithJava('kafka', 'secured brokers', () => {
  let cluster: KafkaCluster

  beforeAll(async () => {
    // Anonymous users of the plain listener may do everything: they grant permissions, and brokers talk to each other there.
    const settings = { 'authorizer.class.name': AUTHORIZER, 'super.users': 'User:ANONYMOUS' }
    cluster = await startKafka({ secured: true, settings })
    const admin = new Kafka({ brokers: [cluster.bootstrapServers], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const allowed = { principal: 'User:hist', host: '*', permissionType: AclPermissionTypes.ALLOW }
    const onTopics = (resourceName: string, operation: number) => ({
      ...allowed,
      resourceType: AclResourceTypes.TOPIC,
      resourceName,
      resourcePatternType: ResourcePatternTypes.PREFIXED,
      operation,
    })
    const { CREATE, DELETE, DESCRIBE, READ, WRITE } = AclOperationTypes
    await admin.createAcls({
      acl: [
        ...[CREATE, DELETE, DESCRIBE, READ, WRITE].map(operation => onTopics('all-', operation)),
        ...[DESCRIBE, READ].map(operation => onTopics('read-', operation)),
        ...[DESCRIBE, READ, WRITE].map(operation => onTopics('write-', operation)),
      ],
    })
    await admin.createTopics({ topics: ['read-s', 'write-s'].map(topic => ({ topic, numPartitions: 1 })), waitForLeaders: false })
    await admin.disconnect()
  }, 120_000)

  afterAll(() => cluster?.stop())

  const login = (mechanism: 'plain' | 'scram-sha-256', password = cluster.secured?.credentials.password ?? '') => {
    return { mechanism, username: cluster.secured?.credentials.username ?? '', password } as NonNullable<KafkaConfig['sasl']>
  }
  const listener = (name: 'ssl' | 'saslPlaintext' | 'saslSsl') => cluster.secured?.[name] ?? ''
  const trusted = () => ({ ca: [cluster.secured?.ca ?? ''] })
  const quiet = (options: ClientOptions) => ({ logLevel: logLevel.NOTHING, ...options })

  async function using<T>(
    bootstrapServers: string,
    clientOptions: ClientOptions,
    run: (store: ReturnType<typeof createKafkaHistory>) => Promise<T>,
    options: Partial<KafkaOptions> = {},
  ): Promise<T> {
    const settings = { bootstrapServers, clientOptions: quiet(clientOptions), topicPrefix: 'all-', ...options } as KafkaOptions
    const store = createKafkaHistory(settings)
    try {
      return await run(store)
    } finally {
      await store.close()
    }
  }

  test.each([
    ['TLS', 'ssl', undefined],
    ['SASL PLAIN over TLS', 'saslSsl', 'plain'],
    ['SASL SCRAM-SHA-256 over TLS', 'saslSsl', 'scram-sha-256'],
    ['SASL SCRAM-SHA-256 without TLS', 'saslPlaintext', 'scram-sha-256'],
  ] as const)('%s: appends, reads and clears', async (title, name, mechanism) => {
    const ssl = name === 'saslPlaintext' ? {} : { ssl: trusted() }
    const sasl = mechanism === undefined ? {} : { sasl: login(mechanism) }
    const user = mechanism === undefined ? listener('ssl') : listener(name)
    await using(user, { ...ssl, ...sasl }, async store => {
      const chat = store.session(`s ${title}`)
      await chat.append([human('hi'), human('ho')])
      expect(contents(await chat.messages({ last: 2 }))).toEqual(['hi', 'ho'])
      await chat.clear()
      expect(await chat.messages()).toEqual([])
    })
  })

  describe('what is refused', () => {
    test.each(['plain', 'scram-sha-256'] as const)(
      'a wrong password for %s: ACCESS_DENIED, soon, and nothing was written',
      async mechanism => {
        await using(listener('saslSsl'), { ssl: trusted(), sasl: login(mechanism, 'wrong') }, async store => {
          for (const call of [() => store.session('s').append([human('hi')]), () => store.session('s').messages()]) {
            await expect(call()).rejects.toMatchObject({
              code: 'ACCESS_DENIED',
              retryable: false,
              outcome: 'failed',
              message: expect.not.stringContaining('wrong'),
            })
          }
        })
      },
    )

    test('a certificate that nobody trusts: INVALID_CONFIGURATION', async () => {
      await using(listener('ssl'), { ssl: true }, async store => {
        await expect(store.session('s').append([human('hi')])).rejects.toMatchObject({
          code: 'INVALID_CONFIGURATION',
          outcome: 'failed',
        })
      })
    })

    test('no permission to create the topic, to write, to read, to clear: ACCESS_DENIED', async () => {
      const denied = { code: 'ACCESS_DENIED', retryable: false, outcome: 'failed' }
      const options = { ssl: trusted(), sasl: login('plain') }
      await using(
        listener('saslSsl'),
        options,
        async store => {
          await expect(store.session('new').append([human('hi')])).rejects.toMatchObject(denied)
          await expect(store.session('s').append([human('hi')])).rejects.toMatchObject(denied)
          expect(await store.session('s').messages()).toEqual([])
          await expect(store.session('s').clear()).rejects.toMatchObject(denied)
        },
        { topicPrefix: 'read-' },
      )
      await using(
        listener('saslSsl'),
        options,
        async store => {
          await store.session('s').append([human('hi')])
          expect(contents(await store.session('s').messages())).toEqual(['hi'])
          await expect(store.session('new').append([human('hi')])).rejects.toMatchObject(denied)
        },
        { topicPrefix: 'write-' },
      )
      await using(
        listener('saslSsl'),
        options,
        async store => {
          await expect(store.session('s').messages()).rejects.toMatchObject(denied)
        },
        { topicPrefix: 'none-' },
      )
    })

    test('brokers that are down, or that there are not: a typed error within the deadline, and nothing was written', async () => {
      for (const server of ['127.0.0.1:9', 'no-such-host.invalid:9092']) {
        await using(server, {}, async store => {
          // The deadline may pass while it is tried once more.
          const error = { code: expect.stringMatching(/^(UNAVAILABLE|TIMEOUT)$/), retryable: true, outcome: 'failed' }
          await expect(store.session('s').append([human('hi')], { timeoutMs: 3_000 })).rejects.toMatchObject(error)
          await expect(store.session('s').messages({ timeoutMs: 3_000 })).rejects.toMatchObject(error)
        })
      }
    })
  })
})
