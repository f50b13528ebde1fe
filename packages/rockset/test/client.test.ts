import { createRocksetHistory, RocksetChatMessageHistory, type RocksetClientLike } from '@hist/rockset'
import { RocksetBackend } from '@hist/rockset/store'
import { HumanMessage } from '@langchain/core/messages'
import rockset from '@rockset/client'
import { expect, onTestFinished, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { withoutRepeats } from '../../core/test/without-repeats.js'
import { type Database, KEY, openDatabase } from './database.js'

const make = ('default' in rockset ? rockset.default : rockset) as typeof import('@rockset/client').default

async function open(): Promise<Database> {
  const database = await openDatabase()
  onTestFinished(() => database.close())
  return database
}

/** Whoever writes to it meets a TypeError. */
function frozen<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) frozen(member)
  return Object.freeze(value)
}

test("the app's client is used as it is, by many, and is never closed", async () => {
  const database = await open()
  const client = frozen(make(KEY, database.url))
  const stores = [
    createRocksetHistory({ client, collection: 'chat' }),
    createRocksetHistory({ client, collection: 'messages', layout: 'message' }),
  ]
  for (const store of stores) {
    const chat = store.session('s')
    await chat.append([human('one')])
    await chat.append([human('two')])
    expect(contents(await chat.messages())).toEqual(['one', 'two'])
    await chat.clear()
    await store.close()
  }
  const history = new RocksetChatMessageHistory({ client, collection: 'chat', sessionId: 's' })
  await history.addMessage(new HumanMessage('three'))
  await history.close()
  expect((await client.collections.getCollection('commons', 'chat')).data?.name).toBe('chat')
  expect(contents(await database.store().session('s').messages())).toEqual(['three'])
})

test.each(['session', 'message'] as const)('layout %s: a message of millions of escapes can be read', async layout => {
  const database = await open()
  const chat = database.store({ collection: layout, layout, timeoutMs: 60_000 } as never).session('s')
  const text = '\n'.repeat(4_400_000)
  await chat.append([human(text)])
  expect(contents(await chat.messages()).map(content => content === text)).toEqual([true])
})

test('its errors, which are plain objects, mean what those of a client of ours mean', async () => {
  const database = await open()
  const client = make(KEY, database.url)
  const missing = createRocksetHistory({ client, collection: 'none', setupMode: 'off' })
  const error = await missing
    .session('s')
    .append([human('x')])
    .catch(reason => reason)
  expect(error).toMatchObject({ code: 'NOT_SET_UP', outcome: 'failed', cause: { type: expect.any(String) } })
  expect(error.cause).not.toBeInstanceOf(Error)
  const nowhere = withoutRepeats(new RocksetBackend({ client: make(KEY, 'http://127.0.0.1:1'), collection: 'chat' }))
  await expect(nowhere.session('s').append([human('x')])).rejects.toMatchObject({
    cause: { code: 'UNAVAILABLE', outcome: 'failed' },
  })
})

test('a client of ours keeps integers beyond 2^53, the app’s rounds them', async () => {
  const database = await open()
  const text = '{"data":[{"_id":"s","messages":[{"type":"human","data":{"content":"x","n":1152921504606846977}}]}]}'
  const headers = { authorization: `ApiKey ${KEY}`, 'content-type': 'application/json' }
  await database
    .store()
    .session('makes the collection')
    .append([human('x')])
  const path = '/v1/orgs/self/ws/commons/collections/chat/docs'
  expect((await fetch(database.url + path, { method: 'POST', headers, body: text })).status).toBe(200)
  const read = async (client?: RocksetClientLike) => {
    const store = client === undefined ? database.store() : createRocksetHistory({ client, collection: 'chat' })
    const [message] = await store.session('s').messages()
    return message?.data.n
  }
  expect(await read()).toBe(1152921504606846977n)
  expect(await read(make(KEY, database.url))).toBe(1152921504606847000)
})
