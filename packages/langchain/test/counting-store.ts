import { type HistoryBackend, HistoryStore, MemoryBackend } from '@hist/core'

/** A store in memory that counts the entries it is asked for, read by read. */
export function createCountingStore(): { store: HistoryStore; reads: number[] } {
  const memory = new MemoryBackend()
  const reads: number[] = []
  const backend: HistoryBackend = {
    name: memory.name,
    supports: memory.supports,
    append: (session, batch) => memory.append(session, batch),
    async read(session, range) {
      const slice = await memory.read(session, range)
      reads.push(slice.entries.length)
      return slice
    },
    clear: session => memory.clear(session),
    close: () => memory.close(),
  }
  return { store: new HistoryStore(backend), reads }
}
