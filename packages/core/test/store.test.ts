import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import {
  createMemoryHistory,
  type HistoryBackend,
  HistoryStore,
  type HistoryWarning,
  isHistoryError,
  MemoryBackend,
  MemoryDatabase,
  type StoredMessage,
} from '../src/index.js'
import { human } from './messages.js'

const ai = (content: string, ...calls: string[]): StoredMessage => ({
  type: 'ai',
  data: { content, tool_calls: calls.map(id => ({ name: 'f', args: {}, id, type: 'tool_call' })) },
})
const tool = (id: string): StoredMessage => ({ type: 'tool', data: { content: id, tool_call_id: id } })

async function failure(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  return promise.then(
    () => assert.fail('expected an error'),
    error => error,
  )
}

/** A memory backend with some of its methods replaced. */
function backendWith(changes: Partial<HistoryBackend>, database = new MemoryDatabase()): HistoryBackend {
  const backend = new MemoryBackend({ database })
  return {
    name: backend.name,
    supports: backend.supports,
    append: (session, batch) => backend.append(session, batch),
    read: (session, range) => backend.read(session, range),
    clear: session => backend.clear(session),
    close: () => backend.close(),
    ...changes,
  }
}

describe('store', () => {
  it('is usable with await using', async () => {
    let chat: ReturnType<HistoryStore['session']>
    {
      await using store = createMemoryHistory()
      chat = store.session('s')
      await chat.append([human('hi')])
    }
    await assert.rejects(chat.messages(), { code: 'CLOSED', backend: 'memory', session: 's' })
  })

  it('hands foreign errors on as UNKNOWN with the cause, and arguments errors unwrapped', async () => {
    const own = new TypeError("the driver's own mistake, with 'secret content'")
    const store = new HistoryStore(backendWith({ append: () => Promise.reject(own) }))
    const error = await failure(store.session('s').append([human('x')]))
    assert.ok(isHistoryError(error))
    assert.deepEqual(
      [error.code, error.outcome, error.retryable, error.cause, error.session],
      ['UNKNOWN', 'unknown', false, own, 's'],
    )
    assert.doesNotMatch(error.message, /secret/)
    assert.match(String(error.appendId), /^\d{18}-/)
  })

  it('names the append in every error, and completes it when repeated with that id', async () => {
    const database = new MemoryDatabase()
    const backend = new MemoryBackend({ database })
    let lost = true
    const lossy = backendWith({
      append: async (session, batch) => {
        await backend.append(session, batch)
        if (lost) throw new Error('answer lost')
      },
    })
    const chat = new HistoryStore(lossy).session('s')
    const { appendId } = await failure(chat.append([human('once')]))
    lost = false
    assert.equal(await chat.append([human('once')], { id: String(appendId) }), appendId)
    assert.deepEqual(await createMemoryHistory({ database }).session('s').messages(), [human('once')])
  })

  it('tells a fresh id of its own from one that may have been sent', async () => {
    const repeats: boolean[] = []
    const chat = new HistoryStore(backendWith({ append: async (_, batch) => void repeats.push(batch.repeat) })).session('s')
    const id = chat.nextAppendId()
    await chat.append([human('x')], { id })
    await chat.append([human('x')], { id })
    await chat.append([human('x')])
    await chat.append([human('x')], { id: createMemoryHistory().session('s').nextAppendId() })
    assert.deepEqual(repeats, [false, true, false, true])
  })

  it('splits beyond atomicAppend, in order; a failure after the first piece is unknown', async () => {
    const pieces: [firstIndex: number, count: number][] = []
    const { supports } = new MemoryBackend()
    const backend = backendWith({
      supports: { ...supports, atomicAppend: { messages: 3, bytes: 1_000_000 } },
      append: async (_, batch) => {
        if (batch.firstIndex === 6) throw new Error('gone')
        pieces.push([batch.firstIndex, batch.bodies.length])
      },
    })
    const error = await failure(new HistoryStore(backend).session('s').append(Array.from({ length: 8 }, () => human('x'))))
    assert.deepEqual(pieces, [
      [0, 3],
      [3, 3],
    ])
    assert.equal(error.outcome, 'unknown')
  })

  it('reports a clock that is far ahead and does not follow it', async () => {
    const warnings: HistoryWarning[] = []
    const minute = 60_000n * 10_000n
    const now = 1_800_000_000_000n * 10_000n
    const database = new MemoryDatabase()
    const ahead = createMemoryHistory({ database, clock: { now: () => now + 20n * minute } }).session('s')
    await ahead.append([human('from the future')])
    const store = createMemoryHistory({ database, clock: { now: () => now }, onWarning: warning => warnings.push(warning) })
    await store.session('s').messages()
    assert.deepEqual(
      warnings.map(({ code, backend, session }) => ({ code, backend, session })),
      [{ code: 'CLOCK_AHEAD', backend: 'memory', session: 's' }],
    )
  })

  it('closes its backend once, after what runs has finished', async () => {
    const log: string[] = []
    const backend = backendWith({
      append: async () => {
        await new Promise(resolve => setTimeout(resolve, 30))
        log.push('appended')
      },
      close: async () => void log.push('closed'),
    })
    const store = new HistoryStore(backend)
    const running = store.session('s').append([human('x')])
    await Promise.all([store.close(), store.close()])
    await running
    assert.deepEqual(log, ['appended', 'closed'])
  })
})

describe('windows of whole turns', () => {
  const history = [human('q'), ai('', 'a', 'b', 'c'), tool('a'), tool('b'), tool('c'), ai('done'), human('next')]

  async function window(messages: StoredMessage[], last: number): Promise<StoredMessage[]> {
    const chat = createMemoryHistory().session('s')
    await chat.append(messages)
    return chat.messages({ last, wholeTurns: true })
  }

  it('drop leading tool results whose call lies outside', async () => {
    assert.deepEqual(await window(history, 4), history.slice(5))
    assert.deepEqual(await window(history, 6), history.slice(1))
    assert.deepEqual(await window(history, 100), history)
  })

  it('read back to the call if nothing else is left', async () => {
    assert.deepEqual(await window(history.slice(0, 5), 2), history.slice(1, 5))
    const interleaved = [human('q'), ai('', 'a'), human('meanwhile'), tool('a')]
    assert.deepEqual(await window(interleaved, 1), interleaved.slice(1))
  })

  it('read back as far as it takes', async () => {
    const many = [human('q'), ai('', 'a'), ...Array.from({ length: 300 }, (_, i) => human(`m${i}`)), tool('a')]
    assert.deepEqual(await window(many, 1), many.slice(1))
  })

  it('are empty where no call exists', async () => {
    assert.deepEqual(await window([human('q'), tool('lost')], 1), [])
  })

  it('understand the function messages of old', async () => {
    const call: StoredMessage = {
      type: 'ai',
      data: { content: '', additional_kwargs: { function_call: { name: 'f', arguments: '{}' } } },
    }
    const result: StoredMessage = { type: 'function', data: { content: '1', name: 'f' } }
    assert.deepEqual(await window([human('q'), call, result], 1), [call, result])
  })
})
