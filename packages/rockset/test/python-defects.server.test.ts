import { type FaultProxy, startFaultProxy } from '@hist/fault-proxy'
import type { PythonPeer } from '@hist/python'
import { describeWithPython } from '@hist/python/vitest'
import { RocksetChatMessageHistory } from '@hist/rockset'
import { createRocksetHistory, type RocksetCollectionOptions } from '@hist/rockset/store'
import { HumanMessage } from '@langchain/core/messages'
import rockset from '@rockset/client'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Database, KEY, openDatabase } from './database.js'

const DOCS = '/ws/commons/collections/chat/docs'

// On a server that is as late as Rockset was: what is written can be read 300 ms later.
describeWithPython('what is wrong with the real Python class, and what ours does in its place', python => {
  let database: Database
  let proxy: FaultProxy
  let peer: PythonPeer
  beforeAll(async () => {
    database = await openDatabase({ visibilityDelayMs: 300 })
    proxy = await startFaultProxy(database.url)
    peer = await python.start(new URL('./python-peer.py', import.meta.url), { url: proxy.url })
    await peer.call('construct', { session_id: 'makes the collection' })
  }, 60_000)
  afterEach(() => proxy.reset())
  afterAll(async () => {
    await database?.close()
    await proxy?.close()
  })

  const chatOf = (session: string, options: Partial<RocksetCollectionOptions> = {}) => database.store(options).session(session)
  /** Made anew, as an app does for each request. */
  const ours = (sessionId: string, options: Partial<RocksetCollectionOptions> = {}) =>
    new RocksetChatMessageHistory({ collection: 'chat', ...database.own(proxy.url), ...options, sessionId } as never)
  const add = (session_id: string, content: string, options: object = {}) =>
    peer.call('add', { session_id, messages: [JSON.stringify({ type: 'human', data: { content } })], ...options })
  const theirs = async (session_id: string) =>
    ((await peer.call('messages', { session_id })) as string[]).map(text => JSON.parse(text).data.content)
  /** Its constructor does not wait for the document that it makes. */
  const construct = async (session_id: string, options: object = {}) => {
    await peer.call('construct', { session_id, ...options })
    await expect.poll(() => database.query('SELECT 1 AS one FROM commons.chat WHERE _id = :s', { s: session_id })).toHaveLength(1)
  }

  test('a workspace: it asks in commons whether its collection is ready, and cannot use it ever after', async () => {
    await database.createWorkspace('prod')
    const options = { workspace: 'prod', collection: 'shop' }
    await expect(peer.call('construct', { session_id: 's', ...options })).rejects.toMatchObject({ type: 'NotFoundException' })
    await expect(peer.call('construct', { session_id: 's', ...options })).rejects.toThrow(/ALREADYEXISTS/)
    await chatOf('s', options).append([human('one')])
    await chatOf('s', options).append([human('two')])
    expect(contents(await chatOf('s', options).messages())).toEqual(['one', 'two'])
  })

  test('its second constructor wipes what the first has just written', async () => {
    await peer.call('construct', { session_id: 'wiped' })
    await add('wiped', 'one')
    await peer.call('construct', { session_id: 'wiped' })
    const wiped = () => database.query("SELECT h.messages AS m FROM commons.chat h WHERE h._id = 'wiped'")
    await expect.poll(wiped, { timeout: 5_000 }).toEqual([{ m: [] }])

    const first = ours('kept')
    const adding = first.addUserMessage('one')
    const second = ours('kept')
    expect(await second.getMessages()).toEqual([])
    await second.addUserMessage('two')
    await adding
    expect(contentsOf(await ours('kept').getMessages()).sort()).toEqual(['one', 'two'])
    await Promise.all([first.close(), second.close()])
  })

  test('what it has added cannot be read yet', async () => {
    await construct('late')
    await add('late', 'one')
    await add('late', 'two')
    expect(await theirs('late')).toEqual([])

    const history = ours('at once')
    await history.addMessages([new HumanMessage('one'), new HumanMessage('two')])
    expect(contentsOf(await history.getMessages())).toEqual(['one', 'two'])
    await history.clear()
    expect(await history.getMessages()).toEqual([])
    await history.close()
  })

  test('it takes the refusal of a message for success', async () => {
    for (const session of ['refused', 'made anew']) {
      await construct(session)
      await database.request('DELETE', DOCS, { data: [{ _id: session }] })
    }
    await add('refused', 'lost')
    await expect.poll(() => theirs('refused'), { timeout: 1_000, interval: 400 }).toEqual([])

    const history = ours('made anew')
    await history.addUserMessage('kept')
    expect(contentsOf(await history.getMessages())).toEqual(['kept'])
    await history.close()
  })

  test('a lost answer and a second try leave two messages', async () => {
    await construct('twice')
    let lost = 0
    const loseOne = ({ method }: { method: string }) => (method === 'PATCH' && lost++ === 0 ? 'drop-after' : 'pass')
    proxy.use(loseOne)
    await expect(add('twice', 'one')).rejects.toThrow()
    await add('twice', 'one')
    await expect.poll(() => theirs('twice'), { timeout: 5_000 }).toEqual(['one', 'one'])

    for (const [layout, method] of [
      ['session', 'PATCH'],
      ['message', 'POST'],
    ] as const) {
      const history = ours('once', { layout, collection: `once-${layout}` })
      await history.addUserMessage('zero')
      lost = 0
      proxy.use(request => (request.path.endsWith('/docs') && request.method === method ? loseOne({ method: 'PATCH' }) : 'pass'))
      await history.addUserMessage('one')
      expect(lost).toBeGreaterThan(1)
      expect(contentsOf(await history.getMessages())).toEqual(['zero', 'one'])
      await history.close()
    }
  })

  test('with a messages_key that is a word of SQL it fails for a message that it has stored', async () => {
    await construct('order', { messages_key: 'order', sync: true })
    await expect(add('order', 'one', { messages_key: 'order', sync: true })).rejects.toMatchObject({
      type: 'BadRequestException',
    })
    const chat = chatOf('order', { messagesKey: 'order', sync: true })
    await expect.poll(async () => contents(await chat.messages()), { timeout: 5_000 }).toEqual(['one'])
    await chat.append([human('two')])
    expect(contents(await chat.messages())).toEqual(['one', 'two'])
  })

  test("with sync it writes into the caller's message", async () => {
    await construct('mutated', { sync: true })
    const message = JSON.stringify({ type: 'human', data: { content: 'x', additional_kwargs: {} } })
    expect(await peer.call('kwargs_after_add', { session_id: 'mutated', message, sync: true })).toHaveProperty('id')

    const history = ours('left alone', { sync: true })
    const mine = new HumanMessage({ content: 'x', additional_kwargs: {} })
    await history.addMessage(mine)
    expect(mine).toEqual(new HumanMessage({ content: 'x', additional_kwargs: {} }))
    expect((await history.getMessages())[0]?.additional_kwargs).toHaveProperty('id')
    await history.close()
  })

  test('each of its histories makes the header of a shared client longer', async () => {
    const lengthAfter = async (count: number) => {
      const agents: unknown[] = []
      proxy.use(({ headers }) => void agents.push(headers['user-agent']))
      await peer.call('user_agents', { count })
      return String(agents.at(-1)).length
    }
    const before = await lengthAfter(1)
    expect(await lengthAfter(20)).toBe(before + 20 * ':langchain'.length)

    const make = ('default' in rockset ? rockset.default : rockset) as typeof import('@rockset/client').default
    const client = make(KEY, proxy.url)
    const headers = new Set<string>()
    proxy.use(request => void headers.add(JSON.stringify(request.headers)))
    for (const number of range(200)) {
      const store = createRocksetHistory({ client, collection: 'chat' })
      if (number % 50 === 0) await store.session('agent').messages()
      await store.close()
    }
    const agents = [...headers].map(text => JSON.parse(text)['user-agent'])
    expect(new Set(agents)).toEqual(new Set(['Rockset Node SDK/0.9.2']))
  })

  test('it cannot store what is no number', async () => {
    await construct('nan')
    const text = '{"type":"human","data":{"content":"x","additional_kwargs":{"n":NaN}}}'
    await expect(peer.call('add', { session_id: 'nan', messages: [text] })).rejects.toMatchObject({ type: 'BadRequestException' })
    const history = ours('no number')
    await history.addMessage(new HumanMessage({ content: 'x', additional_kwargs: { n: Number.NaN } }))
    expect((await history.getMessages())[0]?.additional_kwargs).toEqual({ n: Number.NaN })
    await history.close()
  })
})

function contentsOf(messages: readonly { content: unknown }[]): unknown[] {
  return messages.map(message => message.content)
}
