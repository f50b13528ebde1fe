import { fileURLToPath } from 'node:url'
import { describeWithPython } from '@hist/python/vitest'
import { type RocksetServer, startRocksetServer } from '@hist/rockset-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from './test-server.js'

const human = (content: string) => `{"type":"human","data":{"content":${JSON.stringify(content)}}}`

describeWithPython('the real Python client and class', python => {
  describe.each([0, 300])('with writes that are read after %s ms', visibilityDelayMs => {
    let server: RocksetServer
    let call: (method: string, parameters?: Record<string, unknown>) => Promise<unknown>
    beforeAll(async () => {
      server = await startRocksetServer({ data: ':memory:', visibilityDelayMs })
      const peer = await python.start(new URL('./python-peer.py', import.meta.url), { url: server.url })
      call = peer.call
      await call('construct', { session_id: 'first' })
    }, 120_000)
    afterAll(() => server?.close())

    const read = async (session_id: string) =>
      ((await call('messages', { session_id })) as string[]).map(text => JSON.parse(text).data.content)

    test('a session is written, read and cleared', async () => {
      const session_id = 'a "session" \u00e9'
      await call('construct', { session_id })
      await expect
        .poll(() => connect(server, 'any').query('SELECT _id FROM commons.chat WHERE _id = :s', { s: session_id }))
        .toHaveLength(1)
      await call('add', { session_id, messages: [human('one'), human('two')] })
      await expect.poll(() => read(session_id), { timeout: 5_000 }).toEqual(['one', 'two'])
      await call('clear', { session_id })
      await expect.poll(() => read(session_id), { timeout: 5_000 }).toEqual([])
    })

    test('sync waits until it can be read', async () => {
      const session_id = 'sync'
      await call('construct', { session_id })
      await expect
        .poll(() => connect(server, 'any').query('SELECT _id FROM commons.chat WHERE _id = :s', { s: session_id }))
        .toHaveLength(1)
      await call('add', { session_id, messages: [human('one')], sync: true })
      expect(await read(session_id)).toEqual(['one'])
      await call('clear', { session_id, sync: true })
      expect(await read(session_id)).toEqual([])
    })

    test('the program of the README runs', async () => {
      const path = fileURLToPath(new URL('../examples/history.py', import.meta.url))
      expect(await call('run_example', { path })).toEqual(['hi', 'Hello!'])
    })

    test('integers above 2^53 and __proto__ pass', async () => {
      const session_id = 'exact'
      await call('construct', { session_id })
      await expect
        .poll(() => connect(server, 'any').query('SELECT _id FROM commons.chat WHERE _id = :s', { s: session_id }))
        .toHaveLength(1)
      const message = '{"type":"human","data":{"content":"x","additional_kwargs":{"n":1152921504606846977,"__proto__":{"a":1}}}}'
      await call('add', { session_id, messages: [message], sync: true })
      expect(String(await call('messages', { session_id }))).toMatch(/"n": 1152921504606846977, "__proto__": \{"a": 1\}/)
    })

    test('parameters and errors are as the client knows them', async () => {
      expect(await call('values')).toEqual([{ t: 'x', i: 100, f: 1.5, b: true }])
      expect(await call('error_of', { call: 'missing' })).toEqual(['NotFoundException', 404])
      expect(await call('error_of', { call: 'twice' })).toEqual(['BadRequestException', 409])
      expect(await call('error_of', { call: 'function' })).toEqual(['BadRequestException', 400])
    })
  })

  test('with a delay, its constructor wipes what was just written', async () => {
    const server = await startRocksetServer({ data: ':memory:', visibilityDelayMs: 300 })
    try {
      const { call } = await python.start(new URL('./python-peer.py', import.meta.url), { url: server.url })
      await call('construct', { session_id: 's' })
      await call('add', { session_id: 's', messages: [human('one')] })
      await call('construct', { session_id: 's' })
      const { query } = connect(server, 'any')
      await expect.poll(() => query('SELECT messages FROM commons.chat'), { timeout: 5_000 }).toEqual([{ messages: [] }])
    } finally {
      await server.close()
    }
  })
})
