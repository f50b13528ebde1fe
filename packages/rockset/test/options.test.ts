import { createRocksetHistory, RocksetChatMessageHistory } from '@hist/rockset'
import { RocksetBackend, type RocksetOptions } from '@hist/rockset/store'
import { describe, expect, test } from 'vitest'

const NOWHERE = { apiKey: 'key', apiServer: 'http://127.0.0.1:1/' }

function refusal(options: Record<string, unknown>): string {
  try {
    createRocksetHistory({ collection: 'chat', ...NOWHERE, ...options } as unknown as RocksetOptions)
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as TypeError).message
  }
  throw new Error('accepted')
}

describe('options', () => {
  test('the fewest, and all', async () => {
    await createRocksetHistory({ collection: 'c', ...NOWHERE }).close()
    const all = {
      collection: 'a.b-c_D0',
      workspace: 'x.y',
      sync: true,
      messageUuidMethod: () => 1,
      sleepIntervalMs: 1,
      addTimeoutMs: 1,
      createTimeoutMs: 1,
      setupMode: 'off',
      setupTimeoutMs: 1,
      retentionSeconds: 3_600,
      timeoutMs: 1,
      onCorruptEntry: 'skip',
      onWarning: () => undefined,
      clock: { now: () => 0n },
      ...NOWHERE,
    } as const
    await createRocksetHistory({ ...all, layout: 'session', messagesKey: 'order' }).close()
    const store = createRocksetHistory({ ...all, layout: 'message', ttlSeconds: 1, server: 'rockset' })
    expect(store.supports).toMatchObject({ ttl: 'message', clear: 'gradual', atomicAppend: { messages: 1 } })
    await store.close()
  })

  test.each([
    [{ collection: undefined }, /collection is missing/],
    [{ collection: '' }, /collection/],
    [{ collection: '..' }, /collection/],
    [{ collection: '.' }, /collection/],
    [{ collection: 'a b' }, /collection/],
    [{ collection: 'a/b' }, /collection/],
    [{ workspace: '..' }, /workspace/],
    [{ workspace: 'a..b' }, /workspace/],
    [{ workspace: 'a"b' }, /workspace/],
    [{ workspace: 'a\n' }, /workspace/],
    [{ layout: 'list' }, /layout/],
    [{ messagesKey: '' }, /messagesKey/],
    [{ messagesKey: 'hist' }, /messagesKey/],
    [{ messagesKey: '_id' }, /messagesKey/],
    [{ layout: 'message', messagesKey: 'x' }, /messagesKey does not belong to layout 'message'/],
    [{ ttlSeconds: 60 }, /ttlSeconds does not belong to layout 'session'/],
    [{ server: 'rockset' }, /server does not belong to layout 'session'/],
    [{ layout: 'message', ttlSeconds: 0 }, /ttlSeconds/],
    [{ layout: 'message', server: 'cloud' }, /server/],
    [{ sync: 1 }, /sync/],
    [{ messageUuidMethod: 'uuid' }, /messageUuidMethod/],
    [{ sleepIntervalMs: 0 }, /sleepIntervalMs/],
    [{ addTimeoutMs: 0 }, /addTimeoutMs/],
    [{ createTimeoutMs: 0 }, /createTimeoutMs/],
    [{ setupMode: 'on' }, /setupMode/],
    [{ setupTimeoutMs: 0 }, /setupTimeoutMs/],
    [{ retentionSeconds: 3_599 }, /retentionSeconds/],
    [{ retentionSeconds: 315_360_000 }, /retentionSeconds/],
    [{ retentionSeconds: 86_400.5 }, /retentionSeconds/],
    [{ client: {} }, /client must be/],
    [{ client: { queries: {} }, apiKey: undefined, apiServer: undefined }, /client must be/],
    [{ apiKey: undefined }, /apiKey is missing/],
    [{ apiServer: undefined }, /apiServer is missing/],
    [{ apiKey: '' }, /apiKey/],
    [{ apiKey: 'a\nb' }, /apiKey/],
    [{ apiServer: 'localhost:4243' }, /apiServer/],
    [{ apiServer: 'ftp://x' }, /apiServer/],
    [{ colection: 'x' }, /unknown option 'colection'/],
  ] as [Record<string, unknown>, RegExp][])('%j is refused', (options, text) => {
    expect(refusal(options)).toMatch(text)
  })

  test.each([
    ['messages_key', 'messagesKey'],
    ['message_uuid_method', 'messageUuidMethod'],
    ['SLEEP_INTERVAL_MS', 'sleepIntervalMs'],
    ['ADD_TIMEOUT_MS', 'addTimeoutMs'],
    ['CREATE_TIMEOUT_MS', 'createTimeoutMs'],
    ['collectionName', 'collection'],
    ['api_key', 'apiKey'],
    ['host', 'apiServer'],
    ['retention_secs', 'retentionSeconds'],
    ['sessionId', 'store.session'],
  ])('the foreign name %s leads to %s', (name, ours) => {
    expect(refusal({ [name]: 'x' })).toContain(ours)
  })

  test('the backend and the class check alike, and no text shows the key', () => {
    expect(() => new RocksetBackend({ collection: '', ...NOWHERE })).toThrow(/collection/)
    expect(() => new RocksetChatMessageHistory({ collection: '', sessionId: 's', ...NOWHERE })).toThrow(/collection/)
    expect(() => new RocksetChatMessageHistory({ collection: 'c', sessionId: '', ...NOWHERE })).toThrow(/sessionId/)
    expect(refusal({ apiKey: 'secret secret' })).not.toContain('secret')
  })

  test('what the types forbid', () => {
    // @ts-expect-error: there is no default server
    expect(() => createRocksetHistory({ collection: 'c', apiKey: 'k' })).toThrow(TypeError)
    // @ts-expect-error: of the other layout
    expect(() => createRocksetHistory({ collection: 'c', ...NOWHERE, ttlSeconds: 5 })).toThrow(TypeError)
    // @ts-expect-error: of the other layout
    expect(() => createRocksetHistory({ collection: 'c', ...NOWHERE, layout: 'message', messagesKey: 'x' })).toThrow(TypeError)
  })
})
