import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import dynalite from 'dynalite'
import { afterAll, beforeAll, describe, it } from 'vitest'

describe('quick start', () => {
  const server = dynalite({ createTableMs: 0 })

  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    })
  })

  afterAll(() => new Promise(resolve => server.close(resolve)))

  it('chats', async () => {
    const { ask } = await import('../chat.js')
    assert.equal((await ask('hi', 'chat')).messages.at(-1)?.text, 'Hello!')
    const { messages } = await ask('what did I say?', 'chat')
    assert.deepEqual(
      messages.map(({ text }) => text),
      ['hi', 'Hello!', 'what did I say?', 'Hello!'],
    )
  })

  it('stores plain messages', async () => {
    const { newest } = await import('../plain.js')
    assert.deepEqual(
      newest.map(({ data }) => data.content),
      ['hi', 'Hello!'],
    )
  })

  it('stores in memory', async () => {
    const { newest } = await import('../memory.js')
    assert.equal(newest.length, 2)
  })

  it('makes an append of unknown outcome certain', async () => {
    const { appendForSure } = await import('../repeat.js')
    const { HistoryStore, MemoryBackend } = await import('@hist/core')
    const backend = new MemoryBackend()
    const append = backend.append.bind(backend)
    let answers = 0
    backend.append = async (...call) => {
      await append(...call)
      if (answers++ === 0) throw new Error('the answer was lost')
    }
    const chat = new HistoryStore(backend).session('s')
    await appendForSure(chat, [{ type: 'human', data: { content: 'once' } }])
    assert.equal((await chat.messages()).length, 1)
  })
})
