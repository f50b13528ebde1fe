import { createDynamoDBHistory, DynamoDBChatMessageHistory } from '@hist/dynamodb'
import { DynamoDBBackend, type DynamoDBOptions } from '@hist/dynamodb/store'
import { describe, expect, test } from 'vitest'
import { CREDENTIALS, sdkClient } from './database.js'

const NOWHERE = { endpointUrl: 'http://127.0.0.1:1', region: 'us-east-1', credentials: CREDENTIALS }

function refusal(options: Record<string, unknown>): string {
  try {
    createDynamoDBHistory({ tableName: 'ChatHistory', ...options } as unknown as DynamoDBOptions)
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as TypeError).message
  }
  throw new Error('accepted')
}

describe('options', () => {
  test('the fewest', async () => {
    await createDynamoDBHistory({ tableName: 'abc' }).close()
  })

  test('all of them', async () => {
    const store = createDynamoDBHistory({
      tableName: 'a.b-c_D0',
      layout: 'items',
      primaryKeyName: 'name',
      sortKeyName: 'ttl',
      ttlSeconds: 1,
      ttlKeyName: 'expires at, or so',
      consistentRead: false,
      compress: false,
      setupMode: 'sync',
      setupTimeoutMs: 1,
      timeoutMs: 300_000,
      onCorruptEntry: 'skip',
      onWarning: () => undefined,
      clock: { now: () => 0n },
      ...NOWHERE,
    })
    expect(store.name).toBe('dynamodb')
    await store.close()
  })

  test("all of layout 'list'", async () => {
    const list = {
      tableName: 'abc',
      layout: 'list',
      historyMessagesKey: 'SK',
      historySize: 1,
      ttlSeconds: 1,
      ...NOWHERE,
    } as const
    const store = createDynamoDBHistory({
      ...list,
      primaryKeyName: 'id',
      ttlKeyName: 'ttl',
      setupMode: 'sync',
      consistentRead: false,
    })
    expect(store.supports).toEqual({
      durable: true,
      atomicAppend: { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
      idempotency: { forSeconds: 660 },
      ttl: 'session',
      clear: 'atomic',
      sessions: true,
      maxMessageBytes: 400_000,
      maxSessionBytes: 400_000,
      maxDepth: 28,
    })
    await store.close()
    await createDynamoDBHistory({ ...list, key: (id: string) => ({ id, sk: 'x' }), setupMode: 'off' }).close()
  })

  test.each([
    [{ tableName: undefined }, /tableName/],
    [{ tableName: 'ab' }, /tableName/],
    [{ tableName: 'a'.repeat(256) }, /tableName/],
    [{ tableName: 'no spaces' }, /tableName/],
    [{ tableName: 'tab\n' }, /tableName/],
    [{ layout: 'lists' }, /layout/],
    [{ key: (id: string) => ({ id }) }, /key does not belong to layout 'items'/],
    [{ historyMessagesKey: 'History' }, /historyMessagesKey does not belong to layout 'items'/],
    [{ layout: 'items', historySize: 3 }, /historySize does not belong to layout 'items'.*window/],
    [{ layout: 'list', sortKeyName: 'SK' }, /sortKeyName does not belong to layout 'list'.*key/],
    [{ layout: 'list', compress: true }, /compress does not belong to layout 'list'/],
    [{ layout: 'list', historySize: 0 }, /historySize must be/],
    [{ layout: 'list', historySize: 1.5 }, /historySize must be/],
    [{ layout: 'list', historyMessagesKey: '' }, /historyMessagesKey must be/],
    [{ layout: 'list', historyMessagesKey: 'op1' }, /historyMessagesKey must be/],
    [{ layout: 'list', historyMessagesKey: 'SessionId' }, /must differ/],
    [{ layout: 'list', historyMessagesKey: 'expireAt' }, /must differ/],
    [{ layout: 'list', key: { SessionId: 's' } }, /key must be a function.*all sessions would share/],
    [{ layout: 'list', key: (id: string) => ({ id }), primaryKeyName: 'id' }, /key and primaryKeyName exclude/],
    [{ layout: 'list', key: (id: string) => ({ id }), setupMode: 'sync' }, /key and setupMode 'sync' exclude/],
    [{ primaryKeyName: '' }, /primaryKeyName/],
    [{ primaryKeyName: 5 }, /primaryKeyName/],
    [{ primaryKeyName: '\ud800' }, /primaryKeyName/],
    [{ sortKeyName: 'é'.repeat(128) }, /sortKeyName/],
    [{ sortKeyName: 'SessionId' }, /must differ/],
    [{ primaryKeyName: 'expireAt' }, /must differ/],
    [{ primaryKeyName: 'x', sortKeyName: 'y', ttlKeyName: 'y' }, /must differ/],
    ...['n', 'b', 'z', 'p', 'a', 'c', 'op0', 'op3', 'v', 'base'].map(
      name => [{ ttlKeyName: name }, /ttlKeyName must be/] as const,
    ),
    [{ ttlSeconds: 0 }, /ttlSeconds/],
    [{ ttlSeconds: 1.5 }, /ttlSeconds/],
    [{ consistentRead: 1 }, /consistentRead/],
    [{ compress: 'gzip' }, /compress/],
    [{ setupMode: 'on' }, /setupMode/],
    [{ setupTimeoutMs: 0 }, /setupTimeoutMs/],
    [{ timeoutMs: 0 }, /timeoutMs/],
    [{ timeoutMs: 300_001 }, /timeoutMs/],
    [{ onCorruptEntry: 'ignore' }, /onCorruptEntry/],
    [{ onWarning: 'yes' }, /onWarning/],
    [{ clock: {} }, /clock/],
    [{ client: {} }, /client must be a DynamoDBClient/],
    [{ client: null }, /client must be a DynamoDBClient/],
    [{ endpointUrl: 'localhost:8000' }, /endpointUrl/],
    [{ endpointUrl: 'ftp://x' }, /endpointUrl/],
    [{ region: '' }, /region/],
    [{ credentials: 'secret' }, /credentials/],
    [{ tabelName: 'x' }, /unknown option 'tabelName'/],
  ] as [Record<string, unknown>, RegExp][])('%j is refused', (options, text) => {
    expect(refusal(options)).toMatch(text)
  })

  test.each([
    ['partitionKey', 'primaryKeyName'],
    ['sortKey', 'sortKeyName'],
    ['messageAttributeName', 'historyMessagesKey'],
    ['config', 'client'],
    ['table_name', 'tableName'],
    ['primary_key_name', 'primaryKeyName'],
    ['ttl_key_name', 'ttlKeyName'],
    ['ttl', 'ttlSeconds'],
    ['endpoint_url', 'endpointUrl'],
    ['boto3_session', 'client'],
    ['boto3Session', 'client'],
    ['kms_key_id', 'KMS'],
    ['kmsKeyId', 'KMS'],
    ['coerceFloatToDecimal', 'no coercion'],
    ['coerce_float_to_decimal', 'no coercion'],
    ['history_size', 'historySize'],
    ['history_messages_key', 'historyMessagesKey'],
    ['sessionId', 'store.session'],
  ])('the foreign name %s leads to %s', (name, ours) => {
    expect(refusal({ [name]: 'x' })).toContain(ours)
  })

  test('client and settings for one exclude each other', () => {
    const client = sdkClient(NOWHERE.endpointUrl)
    for (const [name, value] of Object.entries(NOWHERE)) {
      const text = refusal({ client, [name]: value })
      expect(text).toContain(`client and ${name}`)
      expect(text).not.toContain('secretAccessKey')
    }
    client.destroy()
  })

  test('the backend and the class check alike', () => {
    expect(() => new DynamoDBBackend({ tableName: '' })).toThrow(/tableName/)
    expect(() => new DynamoDBChatMessageHistory({ tableName: '', sessionId: 's' })).toThrow(/tableName/)
    expect(() => new DynamoDBChatMessageHistory({ tableName: 'ChatHistory', sessionId: '' })).toThrow(/sessionId/)
  })

  test('what the types forbid', () => {
    const client = sdkClient(NOWHERE.endpointUrl)
    // @ts-expect-error: tableName is required
    expect(() => createDynamoDBHistory({})).toThrow(TypeError)
    // @ts-expect-error: a client has its own endpoint
    expect(() => createDynamoDBHistory({ tableName: 'abc', client, endpointUrl: 'http://127.0.0.1:1' })).toThrow(TypeError)
    // @ts-expect-error: of the other layout
    expect(() => createDynamoDBHistory({ tableName: 'abc', historySize: 5 })).toThrow(TypeError)
    // @ts-expect-error: of the other layout
    expect(() => createDynamoDBHistory({ tableName: 'abc', layout: 'list', sortKeyName: 'SK' })).toThrow(TypeError)
    // @ts-expect-error: a store has many sessions
    expect(() => createDynamoDBHistory({ tableName: 'abc', layout: 'list', key: { id: 's' } })).toThrow(TypeError)
    const key = () => ({ id: 's' })
    // @ts-expect-error: one names the key, the other makes it
    expect(() => createDynamoDBHistory({ tableName: 'abc', layout: 'list', primaryKeyName: 'id', key })).toThrow(TypeError)
    client.destroy()
  })
})
