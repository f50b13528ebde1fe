import { createHash } from 'node:crypto'
import { type EncodedBatch, type HistoryBackend, MemoryBackend, type MemoryBackendOptions, MemoryDatabase } from '@hist/core'
import type { ConformanceSetup } from '@hist/core/conformance'
import { type Faults, withFaults } from '../../src/conformance/faults.js'

export type OpenOptions = MemoryBackendOptions & { database: MemoryDatabase }
export type Row = NonNullable<ReturnType<MemoryDatabase['sessions']['get']>>[number]

/** A backend with one defect, and the tests that find it. */
export interface Broken {
  /** What it does wrong. */
  defect: string
  /** Called once per database; what it returns, for each client. */
  make(database: MemoryDatabase): (options: OpenOptions) => HistoryBackend
  /** Names of tests, each of which must fail. */
  caughtBy: string[]
}

/** Memory backends with something between them and their store. */
export function between(faults: (database: MemoryDatabase, options: OpenOptions) => Faults): Broken['make'] {
  return database => options => withFaults(new MemoryBackend(options), faults(database, options))
}

/** Memory backends that take one session for another. */
export function renaming(rename: (session: string) => string): Broken['make'] {
  class Renaming extends MemoryBackend {
    override append(...[session, batch]: Parameters<MemoryBackend['append']>) {
      return super.append(rename(session), batch)
    }
    override read(...[session, range]: Parameters<MemoryBackend['read']>) {
      return super.read(rename(session), range)
    }
    override clear(session: string) {
      return super.clear(rename(session))
    }
  }
  return () => options => new Renaming(options)
}

export function setupOf({ make }: Pick<Broken, 'make'>): () => Promise<ConformanceSetup> {
  return async () => {
    const database = new MemoryDatabase()
    const open = make(database)
    return {
      open: options => open({ database, ...options }),
      raw: async session => [...(database.sessions.get(session) ?? [])],
      stop: async () => undefined,
    }
  }
}

export const TICKS_PER_SECOND = 10_000_000n

export function withTicks(batch: EncodedBatch, ticks: bigint, writer = batch.id.slice(19)): EncodedBatch {
  return { ...batch, id: `${ticks.toString().padStart(18, '0')}-${writer}` }
}

export function ticksOf(batch: EncodedBatch): bigint {
  return BigInt(batch.id.slice(0, 18))
}

export function hexOf(text: string): string {
  return `0${createHash('sha256').update(text).digest('hex').slice(0, 15)}`
}

/** A memory backend that stores something else, or nothing. */
export function withMemory(
  options: OpenOptions,
  change: (session: string, batch: EncodedBatch) => EncodedBatch | undefined,
): MemoryBackend {
  return new (class extends MemoryBackend {
    override async append(session: string, batch: EncodedBatch) {
      const changed = change(session, batch)
      if (changed !== undefined) await super.append(session, changed)
    }
  })(options)
}
