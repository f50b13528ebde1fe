// Run by two-copies.test.ts in a process of its own, on the built files, as an app loads them that mixes ESM and CommonJS.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const cores = [await import('@hist/core'), require('@hist/core')]
const faces = [await import('@hist/core/langchain'), require('@hist/core/langchain')]
const [esm, cjs] = cores
assert.notEqual(esm.HistoryStore, cjs.HistoryStore)

// One writer, whose ids ascend over both.
const chats = cores.map(core => core.createMemoryHistory().session('s'))
const ids = Array.from({ length: 1_000 }, (_, i) => chats[i % 2].nextAppendId())
assert.deepEqual([...ids].sort(), ids)
assert.equal(new Set(ids.map(id => id.slice(19))).size, 1)

// Each knows the other's errors.
const error = new cjs.HistoryError('x', { code: 'TIMEOUT' })
assert.ok(!(error instanceof esm.HistoryError) && esm.isHistoryError(error))
const backend = new cjs.MemoryBackend()
backend.read = () => Promise.reject(cjs.argumentError('from: not mine'))
await assert.rejects(new esm.HistoryStore(backend).session('s').messages(), TypeError)

// Histories with equal settings share one store.
let made = 0
const create = () => {
  made++
  return esm.createMemoryHistory()
}
const classes = faces.map(face => class Shared extends face.StoredChatMessageHistory {})
const histories = classes.map(Class => new Class({ sessionId: 's', table: 't' }, create))
assert.equal(made, 1)
for (const history of histories) await history.close()

// Clients count by identity, over both copies: different ones never share a store.
made = 0
const clients = [new Map(), new Map()]
const apart = classes.map((Class, i) => new Class({ sessionId: 's', client: clients[i] }, create))
assert.equal(made, 2)
const together = classes.map(Class => new Class({ sessionId: 's', client: clients[0] }, create))
assert.equal(made, 2)
for (const history of [...apart, ...together]) await history.close()
