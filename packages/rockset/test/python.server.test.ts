import { decodeMessage, type StoredMessage } from '@hist/core'
import type { PythonPeer } from '@hist/python'
import { describeWithPython } from '@hist/python/vitest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kinds, pythonRows } from '../../core/test/fixtures/messages/both-languages.js'
import { contents, human } from '../../core/test/messages.js'
import { range } from '../../core/test/numbers.js'
import { type Database, openDatabase } from './database.js'

describeWithPython('the real Python class on the same documents', python => {
  let database: Database
  let peer: PythonPeer
  beforeAll(async () => {
    database = await openDatabase()
    peer = await python.start(new URL('./python-peer.py', import.meta.url), { url: database.url })
  }, 60_000)
  afterAll(() => database?.close())

  const on = (session_id: string, options: object = {}) => ({ session_id, ...options })
  const chatOf = (session: string) => database.store().session(session)
  const add = (session: string, texts: string[], options: object = {}) =>
    peer.call('add', { ...on(session, options), messages: texts })
  const addHuman = (session: string, content: string, options: object = {}) => add(session, [rowOf(content)], options)
  const read = async (session: string, options: object = {}) => {
    const texts = (await peer.call('messages', on(session, options))) as string[]
    return texts.map(text => decodeMessage(text))
  }

  test('every kind, both ways, in turn, in one document', async () => {
    // NaN and Infinity are no JSON, which the server refuses, and it has one zero only.
    const theirs = pythonRows.filter(text => !/NaN|Infinity/.test(text))
    expect(theirs.length).toBeGreaterThan(30)
    const chat = chatOf('kinds')
    const expected: StoredMessage[] = []
    for (const [index, text] of theirs.entries()) {
      await add('kinds', [text])
      expected.push(decodeMessage(text))
      const kind = kinds[index % kinds.length]
      if (kind === undefined) continue
      await chat.append([kind])
      expected.push(kind)
    }
    expect(await chat.messages()).toEqual(expected)
    const asPythonReads = await read('kinds')
    expect(asPythonReads.map(message => message.type)).toEqual(expected.map(message => message.type))
    const ours = asPythonReads.filter((_, index) => index % 2 === 1)
    expect(ours).toHaveLength(theirs.length)
    for (const [index, message] of ours.entries()) expect(message.data).toMatchObject(known(kinds[index % kinds.length]))
  })

  test('60 messages in turn, whoever began: one order for both readers', async () => {
    for (const parity of [0, 1]) {
      const session = `turns-${parity}`
      const chat = chatOf(session)
      for (const number of range(60)) {
        if (number % 2 === parity) await chat.append([human(`${number}`)])
        else await addHuman(session, `${number}`)
      }
      expect(contents(await chat.messages())).toEqual(range(60).map(String))
      expect(contents(await read(session))).toEqual(range(60).map(String))
      expect(contents(await chat.messages({ last: 3 }))).toEqual(['57', '58', '59'])
    }
  })

  test('integers above 2^53 and __proto__ go through both and back', async () => {
    const additional = '{"n": 1152921504606846977, "__proto__": {"a": 1}}'
    await add('exact', [`{"type":"human","data":{"content":"x","additional_kwargs":${additional}}}`])
    const chat = chatOf('exact')
    const [message] = await chat.messages()
    const kwargs = message?.data.additional_kwargs ?? {}
    expect(Object.getPrototypeOf(kwargs)).toBe(Object.prototype)
    expect(Object.keys(kwargs)).toEqual(['n', '__proto__'])
    expect(kwargs.n).toBe(1152921504606846977n)
    await chat.append([human('ours')])
    await addHuman('exact', 'theirs')
    expect(String(await peer.call('messages', on('exact')))).toContain(`"additional_kwargs": ${additional}`)
    expect((await chat.messages())[0]).toEqual(message)
  })

  test('sync: each has the id in its place, and finds the message of the other one by it', async () => {
    const store = database.store({ sync: true })
    const id = await store.session('sync').append([human('ours'), human('ours too')])
    const ids = async () => (await read('sync')).map(({ data }) => data.additional_kwargs?.id)
    expect(await ids()).toEqual([`${id}-0`, `${id}-1`])
    expect(await peer.call('find', { ...on('sync'), message_id: `${id}-1` })).toBe(true)
    expect(await peer.call('find', { ...on('sync'), message_id: `${id}-2` })).toBe(false)
    await addHuman('sync', 'theirs', { sync: true })
    const [, , theirs] = await store.session('sync').messages()
    expect(theirs?.data.additional_kwargs?.id).toMatch(/^[0-9a-f-]{36}$/)
    expect((await ids())[2]).toBe(theirs?.data.additional_kwargs?.id)
  })

  test('its constructor leaves a session of ours as it is, and ours leaves one of its own', async () => {
    await chatOf('constructed').append([human('ours')])
    await peer.call('construct', on('constructed'))
    await addHuman('constructed', 'theirs')
    const another = database.store().session('constructed')
    expect(contents(await another.messages())).toEqual(['ours', 'theirs'])
    await peer.call('construct', on('empty'))
    expect(await chatOf('empty').messages()).toEqual([])
    await chatOf('empty').append([human('ours')])
    expect(contents(await read('empty'))).toEqual(['ours'])
  })

  test('it clears: what was there is gone for both, what either appends next is there, an old cursor is CONFLICT', async () => {
    const chat = chatOf('cleared')
    await chat.append([human('one'), human('two')])
    await addHuman('cleared', 'three')
    const { older = '' } = await chat.page({ limit: 1 })
    await peer.call('clear', on('cleared'))
    expect([await chat.messages(), await read('cleared')]).toEqual([[], []])
    await expect(chat.page({ before: older })).rejects.toMatchObject({ code: 'CONFLICT' })
    await chat.append([human('ours')])
    await addHuman('cleared', 'theirs')
    await chat.append([human('ours again')])
    expect(contents(await chat.messages())).toEqual(['ours', 'theirs', 'ours again'])
    expect(contents(await read('cleared'))).toEqual(['ours', 'theirs', 'ours again'])
  })

  test('we clear: it goes on', async () => {
    await addHuman('we clear', 'theirs')
    await chatOf('we clear').clear()
    expect(await read('we clear')).toEqual([])
    await addHuman('we clear', 'theirs again')
    expect(contents(await chatOf('we clear').messages())).toEqual(['theirs again'])
  })

  test('it overwrites the document again and again amid appends of ours: what was appended since is there, once, in order', async () => {
    const stores = [database.store(), database.store()]
    await addHuman('amid', 'theirs')
    let writes = true
    const acknowledged: { content: string; began: number; ended: number }[] = []
    const write = async (store: (typeof stores)[number], writer: number) => {
      for (let number = 0; writes; number++) {
        const content = `${writer} ${number}`
        const began = performance.now()
        await store.session('amid').append([human(content)])
        acknowledged.push({ content, began, ended: performance.now() })
      }
    }
    const writing = stores.map(write)
    const goOn = (count: number) => {
      const before = acknowledged.length
      return expect.poll(() => acknowledged.length, { timeout: 20_000, interval: 1 }).toBeGreaterThanOrEqual(before + count)
    }
    for (const _ of range(15)) {
      await goOn(2)
      await peer.call('clear', on('amid'))
    }
    const clearing = { began: performance.now(), ended: 0 }
    await peer.call('clear', on('amid'))
    clearing.ended = performance.now()
    await goOn(10)
    writes = false
    await Promise.all(writing)

    const stored = contents(await chatOf('amid').messages()).map(String)
    expect(new Set(stored).size).toBe(stored.length)
    expect(stored).toEqual(
      expect.arrayContaining(acknowledged.filter(({ began }) => began > clearing.ended).map(one => one.content)),
    )
    const overwritten = acknowledged.filter(({ ended }) => ended < clearing.began).map(one => one.content)
    expect(overwritten.length).toBeGreaterThan(10)
    expect(stored.filter(content => overwritten.includes(content))).toEqual([])
    for (const writer of [0, 1]) {
      const numbers = stored.filter(content => content.startsWith(`${writer} `)).map(content => Number(content.split(' ')[1]))
      expect(numbers).toEqual([...numbers].sort((one, other) => one - other))
    }
  })
})

function rowOf(content: string): string {
  return JSON.stringify({ type: 'human', data: { content } })
}

/** What Python keeps of a message, as far as it is set. */
function known(message: StoredMessage | undefined): object {
  const { content, id, name, tool_calls, tool_call_id, status, artifact, role } = message?.data ?? {}
  const wanted = { content, id, name, tool_calls, tool_call_id, status, artifact, role }
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
}
