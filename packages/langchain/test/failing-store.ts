import { type EncodedBatch, type HistoryBackend, HistoryError, HistoryStore, MemoryBackend } from '@hist/core'

/** A store in memory whose server refuses some appends, perhaps after a while, or all reads. */
export function createFailingStore({
  refusesAppend = () => false,
  refusesReads = false,
}: {
  refusesAppend?: (batch: EncodedBatch) => boolean | Promise<boolean>
  refusesReads?: boolean
}): HistoryStore {
  const memory = new MemoryBackend()
  const refuse = (): never => {
    throw new HistoryError('not permitted', { code: 'ACCESS_DENIED' })
  }
  const backend: HistoryBackend = {
    name: memory.name,
    supports: memory.supports,
    append: async (session, batch) => ((await refusesAppend(batch)) ? refuse() : memory.append(session, batch)),
    read: async (session, range) => (refusesReads ? refuse() : memory.read(session, range)),
    clear: session => memory.clear(session),
    close: () => memory.close(),
  }
  return new HistoryStore(backend)
}

/** The server takes what people say, and not what models answer. */
export const refusesReplies = ({ bodies }: EncodedBatch): boolean => bodies.some(body => JSON.parse(body).type === 'ai')
