import { once } from 'node:events'
import { request } from 'node:http'
import { type HistoryBackend, HistoryError, type HistoryErrorDetails, HistoryStore, MemoryBackend } from '@hist/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { answer } from '../src/model.js'
import { createApp, startServer } from '../src/server.js'

vi.mock('../src/model.js', { spy: true })

const MESSAGES = '/sessions/s/messages'
const hi = { method: 'POST', body: '{"text":"hi"}' }

describe('when the store fails', () => {
  beforeEach(() => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  test.each(['before', 'after'])(
    'an append whose answer is lost %s it was stored: 503 with the key that repeats it',
    async when => {
      const backend: HistoryBackend = new MemoryBackend()
      const append = backend.append.bind(backend)
      let broken = true
      backend.append = async (...call) => {
        if (!broken || when === 'after') await append(...call)
        if (broken) throw new HistoryError('at 10.0.0.7', { code: 'UNAVAILABLE' })
      }
      const app = createApp(new HistoryStore(backend, { timeoutMs: 200 }))
      const lost = await app.request(MESSAGES, hi)
      expect([lost.status, lost.headers.get('Retry-After')]).toEqual([503, '1'])
      const { error, key } = (await lost.json()) as { error: string; key: string }
      expect(error).toBe('UNAVAILABLE')

      broken = false
      const repeat = { ...hi, headers: { 'Idempotency-Key': key } }
      for (const attempt of [await app.request(MESSAGES, repeat), await app.request(MESSAGES, repeat)]) {
        expect(await attempt.json()).toMatchObject({ reply: { data: { content: 'You have said 1: hi.' } } })
      }
      const { entries } = (await (await app.request(MESSAGES)).json()) as { entries: unknown[] }
      expect(entries).toHaveLength(2)
    },
  )

  test.each<[HistoryErrorDetails, number]>([
    [{ code: 'UNAVAILABLE' }, 503],
    [{ code: 'TIMEOUT' }, 503],
    [{ code: 'THROTTLED' }, 503],
    [{ code: 'TOO_LARGE' }, 413],
    [{ code: 'CONFLICT', retryable: false }, 409],
    [{ code: 'NOT_SET_UP' }, 500],
    [{ code: 'INVALID_CONFIGURATION' }, 500],
    [{ code: 'CORRUPT_ENTRY' }, 500],
  ])('%o is %i, and the text stays in the log', async (details, status) => {
    const backend: HistoryBackend = new MemoryBackend()
    backend.read = async () => {
      throw new HistoryError('table t at 10.0.0.7', details)
    }
    const response = await createApp(new HistoryStore(backend, { timeoutMs: 50 })).request(MESSAGES)
    expect([response.status, await response.json()]).toEqual([status, { error: details.code }])
    expect(console.error).toHaveBeenCalledTimes(status >= 500 ? 1 : 0)
  })

  test('an error of the model is neither the client’s nor the store’s', async () => {
    vi.mocked(answer).mockRejectedValueOnce(new TypeError('fetch failed'))
    const response = await createApp(new HistoryStore(new MemoryBackend())).request(MESSAGES, hi)
    expect([response.status, await response.json()]).toEqual([502, { error: 'the model failed' }])
    expect(console.error).toHaveBeenCalledTimes(1)
  })

  test('a store that is closed', async () => {
    const store = new HistoryStore(new MemoryBackend())
    await store.close()
    const response = await createApp(store).request(MESSAGES, hi)
    expect([response.status, await response.json()]).toEqual([503, { error: 'CLOSED' }])
  })
})

describe('when the client leaves', () => {
  test('a read ends', async () => {
    const backend: HistoryBackend = new MemoryBackend()
    const aborted = new Promise<HistoryError>(resolve => {
      backend.read = (_session, _range, call) => {
        call.signal.addEventListener('abort', () => resolve(call.signal.reason))
        client.destroy()
        return new Promise(() => undefined)
      }
    })
    const server = await startServer(new HistoryStore(backend), 0)
    const client = request({ port: server.port, path: MESSAGES }).on('error', () => undefined)
    client.end()
    expect((await aborted).code).toBe('ABORTED')
    await server.stop()
  })

  test('an append does not, and the store is closed after it', async () => {
    const backend: HistoryBackend = new MemoryBackend()
    const store = new HistoryStore(backend)
    const append = backend.append.bind(backend)
    const steps: string[] = []
    const stopped = new Promise<void>(resolve => {
      backend.append = async (session, batch, call) => {
        client.destroy()
        // The server has begun to close the store, and has seen the client leave.
        const closing = new Promise<void>(closed => {
          vi.spyOn(store, 'close').mockImplementationOnce(() => {
            closed()
            return store.close()
          })
        })
        server.stop().then(() => {
          steps.push('stopped')
          resolve()
        })
        await closing
        const signal = vi.mocked(answer).mock.lastCall?.[1]
        if (signal?.aborted === false) await once(signal, 'abort')
        steps.push(call.signal.aborted ? 'aborted' : 'not aborted')
        await append(session, batch, call)
        steps.push('appended')
      }
    })
    const server = await startServer(store, 0)
    const client = request({ port: server.port, path: MESSAGES, method: 'POST' }).on('error', () => undefined)
    client.end(hi.body)
    await stopped
    expect(steps).toEqual(['not aborted', 'appended', 'stopped'])
  })
})
