import { CassandraBackend, createCassandraHistory } from '@hist/cassandra/store'
import { type HistoryError, type HistoryStore, isHistoryError } from '@hist/core'
import { type CassandraCluster, startCassandra } from '@hist/servers'
import { describeWithJava } from '@hist/servers/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { withoutRepeats } from '../../core/test/without-repeats.js'
import { type Database, openDatabase } from './database.js'

// A node of its own: with passwords, TLS and small commit log segments.
describeWithJava('cassandra', 'settings that do not fit', () => {
  let cluster: CassandraCluster
  let database: Database
  const stores: HistoryStore[] = []

  beforeAll(async () => {
    cluster = await startCassandra({ authentication: true, tls: true, settings: { commitlog_segment_size: '4MiB' } })
    database = await openDatabase(cluster)
    for (const [role, permissions] of [
      ['reader', ['SELECT ON']],
      ['writer', ['SELECT ON', 'MODIFY ON']],
    ] as const) {
      await database.client.execute(`CREATE ROLE ${role} WITH PASSWORD = 'hunter2' AND LOGIN = true`)
      await database.store().session('set up').messages()
      for (const permission of permissions) {
        await database.client.execute(`GRANT ${permission} ${database.keyspace}.message_store TO ${role}`)
      }
    }
  }, 120_000)
  afterAll(async () => {
    await Promise.all(stores.map(store => store.close()))
    await database.close()
    await cluster.stop()
  })

  function store(options: object = {}): HistoryStore {
    const made = createCassandraHistory({ ...database.own, ...options })
    stores.push(made)
    return made
  }

  async function failure(promise: Promise<unknown>): Promise<HistoryError> {
    const error: unknown = await promise.then(
      () => expect.fail('it worked'),
      reason => reason,
    )
    if (!isHistoryError(error)) throw error
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('hunter2')
    return error
  }

  const appended = (options: object) =>
    failure(
      store(options)
        .session('s')
        .append([human('hi')]),
    )

  describe('credentials and permissions', () => {
    const as = (username: string, password = 'hunter2') => ({ credentials: { username, password } })

    test('a wrong password, and none', async () => {
      for (const options of [as('writer', 'wrong'), { credentials: undefined }])
        expect(await appended(options)).toMatchObject({
          code: 'ACCESS_DENIED',
          retryable: false,
          outcome: 'failed',
          message: expect.stringMatching(/credentials/),
        })
    })

    test('a role that may write uses an existing table, though it may not make one', async () => {
      await store(as('writer'))
        .session('s')
        .append([human('hi')])
      expect(contents(await store(as('reader')).session('s').messages())).toEqual(['hi'])
      await store(as('writer')).session('s').clear()
      const sessions: string[] = []
      for await (const session of store(as('reader')).sessions()) sessions.push(session)
      expect(sessions).toEqual([])
    })

    test('a role that may only read, and one that may not make the table', async () => {
      await store()
        .session('kept')
        .append([human('hi')])
      for (const refused of [
        appended(as('reader')),
        failure(
          store(as('reader'))
            .session('s')
            .append([human('a'), human('b')]),
        ),
        failure(store(as('reader')).session('kept').clear()),
      ]) {
        expect(await refused).toMatchObject({
          code: 'ACCESS_DENIED',
          retryable: false,
          outcome: 'failed',
          message: expect.stringMatching(/MODIFY/),
        })
      }
      const error = await appended({ ...as('writer'), tableName: 'another' })
      expect(error).toMatchObject({ code: 'ACCESS_DENIED', outcome: 'failed', message: expect.stringMatching(/CREATE/) })
    })
  })

  describe('TLS', () => {
    test('the certificate is checked: without the authority’s no connection, with it one', async () => {
      const error = await appended({ sslOptions: {} })
      expect(error).toMatchObject({
        code: 'INVALID_CONFIGURATION',
        retryable: false,
        outcome: 'failed',
        message: expect.stringMatching(/sslOptions\.ca/),
      })
      const chat = store({ sslOptions: { ca: cluster.ca } }).session('tls')
      await chat.append([human('hi')])
      expect(contents(await chat.messages())).toEqual(['hi'])
    })

    test('unless the app switches that off', async () => {
      await store({ sslOptions: { rejectUnauthorized: false } })
        .session('tls')
        .messages()
    })
  })

  describe('where things are', () => {
    test('a wrong data centre: the text names those that there are', async () => {
      const error = await appended({ localDataCenter: 'elsewhere' })
      expect(error).toMatchObject({
        code: 'INVALID_CONFIGURATION',
        message: expect.stringMatching(/'elsewhere'.*\[datacenter1\].*localDataCenter/),
      })
    })

    test('an unreachable host, an unknown name: within the deadline', async () => {
      for (const options of [{ port: 1 }, { contactPoints: ['nowhere.invalid'] }]) {
        const nowhere = withoutRepeats(new CassandraBackend({ ...database.own, ...options }))
        stores.push(nowhere)
        const { cause } = await failure(nowhere.session('s').append([human('hi')]))
        expect(cause).toMatchObject({ code: 'UNAVAILABLE', retryable: true, outcome: 'failed' })
      }
    })

    test('a keyspace that is not there: the text says how to make it; made meanwhile, the same store goes on', async () => {
      const keyspace = `${database.keyspace}_later`
      const chat = store({ keyspace }).session('s')
      expect(await failure(chat.append([human('hi')]))).toMatchObject({
        code: 'NOT_SET_UP',
        outcome: 'failed',
        message: expect.stringMatching(/CREATE KEYSPACE/),
      })
      await database.client.execute(
        `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
      )
      await chat.append([human('hi')])
      expect(contents(await chat.messages())).toEqual(['hi'])
      await database.client.execute(`DROP KEYSPACE ${keyspace}`)
    })

    test("a missing table with setupMode 'off': the text has the statement that makes it, and it is right", async () => {
      const chat = store({ tableName: 'by_hand', setupMode: 'off' }).session('s')
      for (const refused of [chat.append([human('hi')]), chat.messages(), chat.clear()]) {
        const error = await failure(refused)
        expect(error).toMatchObject({ code: 'NOT_SET_UP', retryable: false, outcome: 'failed' })
        expect(error.message).toMatch(/CREATE TABLE/)
      }
      const { message } = await failure(chat.messages())
      await database.client.execute(message.slice(message.indexOf('CREATE TABLE')))
      await chat.append([human('hi')])
      expect(contents(await chat.messages())).toEqual(['hi'])
    })

    test("setupMode 'async' makes the table before anybody asks", async () => {
      store({ tableName: 'in_background', setupMode: 'async' })
      const query = `SELECT table_name FROM system_schema.tables WHERE keyspace_name = '${database.keyspace}' AND table_name = 'in_background'`
      await expect.poll(async () => (await database.client.execute(query)).rowLength, { timeout: 20_000 }).toBe(1)
    })

    test('a table with other columns, or other types: refused before anything is written', async () => {
      await database.client.execute(`CREATE TABLE ${database.keyspace}.orders (id uuid PRIMARY KEY, total int)`)
      const columns = 'partition_id text, row_id uuid, body_blob text, PRIMARY KEY (partition_id, row_id)'
      await database.client.execute(`CREATE TABLE ${database.keyspace}.uuids (${columns})`)
      for (const setupMode of ['sync', 'off']) {
        const orders = await appended({ tableName: 'orders', setupMode })
        expect(orders).toMatchObject({
          code: 'INVALID_CONFIGURATION',
          outcome: 'failed',
          message: expect.stringMatching(/partition_id text.*body_blob/),
        })
        expect(await appended({ tableName: 'uuids', setupMode })).toMatchObject({
          code: 'INVALID_CONFIGURATION',
          message: expect.stringMatching(/row_id timeuuid/),
        })
      }
    })

    test('names with capitals, written in quotes', async () => {
      await store({ tableName: '"Capital"' })
        .session('s')
        .append([human('hi')])
      await store({ tableName: 'Capital' })
        .session('s')
        .append([human('lower case')])
      const { rows } = await database.client.execute(`SELECT body_blob FROM ${database.keyspace}."Capital"`)
      expect(rows).toHaveLength(1)
    })
  })

  describe('what the server refuses', () => {
    test('a message over half a commit log segment: TOO_LARGE, not UNKNOWN, and the client goes on', async () => {
      const chat = store().session('large')
      const error = await failure(chat.append([human('x'.repeat(2_200_000))]))
      expect(error).toMatchObject({ code: 'TOO_LARGE', outcome: 'failed', message: expect.stringMatching(/maxMessageBytes/) })
      await chat.append([human('x'.repeat(1_900_000))])
      expect(await chat.messages()).toHaveLength(1)
    })

    test('tableOptions that it does not know, or that are no CQL', async () => {
      for (const tableOptions of ["memtable = 'nonsense'", 'nonsense = 5', 'nonsense', "compaction = {'class': 'Nonsense'}"]) {
        const error = await appended({ tableName: `bad_${range(100).length}`, tableOptions })
        expect(error).toMatchObject({
          code: 'INVALID_CONFIGURATION',
          outcome: 'failed',
          message: expect.stringMatching(/tableOptions/),
        })
      }
    })
  })
})
