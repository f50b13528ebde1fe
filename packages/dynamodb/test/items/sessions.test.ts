import { createTestClock } from '@hist/core/conformance'
import { DynamoDBBackend } from '@hist/dynamodb/store'
import { describe, expect, test } from 'vitest'
import { human } from '../../../core/test/messages.js'
import { range } from '../../../core/test/numbers.js'
import { noise } from '../database.js'
import { database, proxy } from '../fixture.js'

async function collect(ids: AsyncIterable<string>): Promise<string[]> {
  const collected: string[] = []
  for await (const id of ids) collected.push(id)
  return collected.sort()
}

describe('sessions', () => {
  test('each once, by prefix, over pages of 1 MB', async () => {
    const tableName = await database.createTable()
    const store = database.store({ tableName, compress: false }, proxy.url)
    const text = noise(30_000)
    for (const number of range(30)) {
      for (const kind of ['user', 'robot']) await store.session(`${kind}-${number}`).append([human(text)])
      await store.session('user-0').append([human(text)])
    }
    proxy.reset()
    expect(await collect(store.sessions())).toEqual(
      range(30)
        .flatMap(number => [`user-${number}`, `robot-${number}`])
        .sort(),
    )
    expect(proxy.count('Scan')).toBeGreaterThanOrEqual(3)
    expect(await collect(store.sessions({ prefix: 'user-2' }))).toEqual(
      ['user-2', ...range(10).map(number => `user-2${number}`)].sort(),
    )
    expect(await collect(store.sessions({ prefix: 'nobody' }))).toEqual([])
  })

  test('not those that only hold parts, removed or expired messages', async () => {
    const tableName = await database.createTable({ primaryKeyName: 'name', sortKeyName: 'order' })
    const clock = createTestClock()
    const options = { tableName, primaryKeyName: 'name', sortKeyName: 'order', clock, compress: false }
    const forever = database.store(options)
    const brief = database.store({ ...options, ttlSeconds: 60 })
    await forever.session('forever').append([human('x')])
    await brief.session('brief').append([human('x')])
    await forever.session('large').append([human(noise(1_000_000))])
    await forever.session('cleared').append([human('x')])
    await forever.session('cleared').clear()
    expect(await collect(forever.sessions())).toEqual(['brief', 'forever', 'large'])
    clock.advance(61_000)
    expect(await collect(forever.sessions())).toEqual(['forever', 'large'])
  })

  test('a malformed place is the caller’s mistake', async () => {
    const backend = new DynamoDBBackend({ tableName: 'abc', ...database.own() })
    const call = {
      signal: new AbortController().signal,
      remainingMs: () => 1_000,
      request: () => Promise.reject(new Error('sent')),
    }
    for (const after of ['', 'x', '[]', '["a"]', '["a",1]', '{"a":1}', 'null']) {
      await expect(backend.sessions({ after }, call)).rejects.toThrow(TypeError)
    }
  })

  test('of a table with other keys: INVALID_CONFIGURATION, not none', async () => {
    const tableName = await database.createTable({ sortKeyName: null })
    await expect(collect(database.store({ tableName }).sessions())).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION' })
  })
})
