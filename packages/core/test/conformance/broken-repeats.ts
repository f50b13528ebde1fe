import { type EncodedBatch, MemoryBackend } from '@hist/core'
import { type Broken, hexOf, type OpenOptions, TICKS_PER_SECOND, ticksOf, withMemory, withTicks } from './broken-backend.js'

/** Recognises a repeat only in what it remembers itself. */
function forgetful(options: OpenOptions, seen: Set<string>) {
  return withMemory(options, (session, batch) => {
    const key = `${session}:${batch.id}:${batch.firstIndex}`
    if (seen.has(key)) return undefined
    seen.add(key)
    return withTicks(batch, ticksOf(batch), hexOf(`${Math.random()}`))
  })
}

const pieceOf = { atomicAppend: { messages: 3, bytes: Number.POSITIVE_INFINITY } }

export const brokenRepeats: Broken[] = [
  {
    defect: 'does not recognise a repeat',
    make: () => options => withMemory(options, (_session, batch) => withTicks(batch, ticksOf(batch), hexOf(`${Math.random()}`))),
    caughtBy: [
      '[4] the same append again, with its id, is a no-op',
      '[4] an append whose answer was lost is repeated and stored once',
      '[4] a repeat leaves the stored records as they are',
    ],
  },
  {
    defect: 'recognises a repeat by the last append only',
    make: () => {
      const last = new Map<string, string>()
      return options =>
        withMemory(options, (session, batch) => {
          const repeated = last.get(session) === batch.id
          last.set(session, batch.id)
          return repeated ? undefined : withTicks(batch, ticksOf(batch), hexOf(`${Math.random()}`))
        })
    },
    caughtBy: [
      '[4] the same append again, with its id, is a no-op',
      '[4] a lost answer does not duplicate, though another client appends before the repeat',
    ],
  },
  {
    defect: 'recognises a repeat only within one client',
    make: () => options => forgetful(options, new Set()),
    caughtBy: [
      '[4] the same append again from another client is a no-op',
      '[4] one id used by two clients at the same time leaves one copy',
    ],
  },
  {
    defect: 'recognises an append id in whatever session it was used',
    make: () => {
      const seen = new Set<string>()
      return options =>
        withMemory(options, (_session, batch) => {
          const key = `${batch.id}:${batch.firstIndex}`
          if (seen.has(key)) return undefined
          seen.add(key)
          return batch
        })
    },
    caughtBy: ['[7] an append id used in two sessions stores in both'],
  },
  {
    defect: 'recognises a repeat for an hour only, though it declares always',
    make: () => options =>
      withMemory(options, (_session, batch) => {
        const late = batch.repeat && BigInt(Date.now()) * 10_000n - ticksOf(batch) > 3_600n * TICKS_PER_SECOND
        return late ? withTicks(batch, ticksOf(batch), hexOf(`${Math.random()}`)) : batch
      }),
    caughtBy: ['[4] a repeat a day later is a no-op'],
  },
  {
    defect: 'takes the second piece of an append for a repeat of the first',
    make: database => options => {
      const first = (session: string, batch: EncodedBatch) =>
        database.sessions.get(session)?.some(row => row.id === batch.id) !== true
      return Object.assign(
        withMemory(options, (session, batch) => (first(session, batch) ? batch : undefined)),
        { supports: { ...new MemoryBackend().supports, ...pieceOf } },
      )
    },
    caughtBy: [
      '[2] a piece that fails leaves the pieces before it; the same append again completes them, each once',
      '[2] an append of one message more than atomicAppend is stored in full and in order',
    ],
  },
]
