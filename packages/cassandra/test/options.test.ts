import { CassandraBackend, type CassandraOptions, createCassandraHistory } from '@hist/cassandra/store'
import { describe, expect, test } from 'vitest'

const client = { execute: async () => ({}), batch: async () => ({}), connect: async () => {}, shutdown: async () => {} }
const keyspace = 'app'

function refusal(options: object): string {
  try {
    createCassandraHistory(options as CassandraOptions)
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as TypeError).message
  }
  return expect.fail(`accepted: ${JSON.stringify(options)}`)
}

describe('options', () => {
  test('that are enough', () => {
    createCassandraHistory({ keyspace })
    createCassandraHistory({ client: { ...client, keyspace } })
    createCassandraHistory({ client, keyspace: '"App"', tableName: '"Messages"' })
    createCassandraHistory({ keyspace, contactPoints: ['a', 'b:9043'], localDataCenter: 'dc1', port: 9142, sslOptions: {} })
    createCassandraHistory({
      keyspace,
      cloud: { secureConnectBundle: 'bundle.zip' },
      credentials: { username: 'token', password: 'x' },
    })
    createCassandraHistory({ keyspace, layout: 'community', setupMode: 'off' })
  })

  test.each([
    [{}, 'keyspace'],
    [{ client }, 'keyspace'],
    [{ keyspace: '' }, 'keyspace'],
    [{ keyspace: 'a-b' }, 'keyspace'],
    [{ keyspace: 'a; DROP KEYSPACE b' }, 'keyspace'],
    [{ keyspace: '"a"b"' }, 'keyspace'],
    [{ keyspace: `a${'b'.repeat(48)}` }, 'keyspace'],
    [{ keyspace, tableName: '1st' }, 'tableName'],
    [{ keyspace, layout: 'items' }, 'layout'],
    [{ keyspace, ttlSeconds: 0 }, 'ttlSeconds'],
    [{ keyspace, ttlSeconds: 1.5 }, 'ttlSeconds'],
    [{ keyspace, ttlSeconds: 630_720_001 }, 'ttlSeconds'],
    [{ keyspace, consistency: 'local_quorum' }, 'consistency'],
    [{ keyspace, consistency: 'ANY' }, 'consistency'],
    [{ keyspace, clearMode: 'fast' }, 'clearMode'],
    [{ keyspace, maxMessageBytes: 16 * 1_024 * 1_024 }, 'maxMessageBytes'],
    [{ keyspace, setupMode: 'SYNC' }, 'setupMode'],
    [{ keyspace, setupTimeoutMs: 0 }, 'setupTimeoutMs'],
    [{ keyspace, tableOptions: "comment = 'x'; DROP TABLE y" }, 'tableOptions'],
    [{ keyspace, tableOptions: ' ' }, 'tableOptions'],
    [{ keyspace, contactPoints: [], localDataCenter: 'dc1' }, 'contactPoints'],
    [{ keyspace, contactPoints: '127.0.0.1', localDataCenter: 'dc1' }, 'contactPoints'],
    [{ keyspace, contactPoints: ['127.0.0.1'] }, 'localDataCenter'],
    [{ keyspace, port: 0 }, 'port'],
    [{ keyspace, credentials: { username: 'a' } }, 'credentials'],
    [{ keyspace, sslOptions: true }, 'sslOptions'],
    [{ keyspace, cloud: {} }, 'cloud'],
    [{ keyspace, client: {} }, 'client'],
    [{ keyspace, client, contactPoints: ['a'], localDataCenter: 'dc1' }, 'contactPoints'],
    [{ keyspace, client, credentials: { username: 'a', password: 'b' } }, 'credentials'],
    [{ keyspace, client, cloud: { secureConnectBundle: 'b.zip' } }, 'cloud'],
    [{ keyspace, cloud: { secureConnectBundle: 'b.zip' }, port: 9042 }, 'port'],
    [{ keyspace, layout: 'community', ttlSeconds: 60 }, 'ttlSeconds'],
    [{ keyspace, timeoutMs: 0 }, 'timeoutMs'],
    [{ keyspace, nonsense: 1 }, 'nonsense'],
  ])('that are wrong are a TypeError that names them: %j', (options, named) => {
    expect(refusal(options)).toMatch(new RegExp(`\\b${named}\\b`))
  })

  test.each([
    ['session', 'client'],
    ['session_id', 'sessionId'],
    ['table_name', 'tableName'],
    ['ttl_seconds', 'ttlSeconds'],
    ['setup_mode', 'setupMode'],
    ['table', 'tableName'],
    ['serviceProviderArgs', 'cloud'],
    ['protocolOptions', 'port'],
    ['queryOptions', 'consistency'],
    ['policies', 'client'],
  ])('of other classes are refused with the name here: %s, %s', (theirs, ours) => {
    expect(refusal({ keyspace, [theirs]: {} })).toMatch(new RegExp(`unknown option '${theirs}'; .*\\b${ours}\\b`))
  })

  test('are copied, and secrets are never in an error text', () => {
    expect(refusal({ keyspace, credentials: { username: '', password: 'hunter2' } })).not.toContain('hunter2')
  })

  test("the backend itself does not take layout 'community'", () => {
    expect(() => new CassandraBackend({ keyspace, layout: 'community' })).toThrow(/layout/)
  })

  test('say in supports how large a message may be', () => {
    expect(new CassandraBackend({ keyspace, maxMessageBytes: 1_000 }).supports.maxMessageBytes).toBe(1_000)
    expect(new CassandraBackend({ keyspace }).supports).toMatchObject({
      maxMessageBytes: 8_388_608,
      ttl: 'message',
      clear: 'atomic',
    })
  })
})
