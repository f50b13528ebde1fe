import { MemoryBackend, MemoryDatabase } from '@hist/core'
import type { ConformanceSetup } from '@hist/core/conformance'
import { describe, expect, it } from 'vitest'
import { type Faults, pagesOf, withFaults } from '../../src/conformance/faults.js'
import { collect, failures } from './collect.js'
import { LogBackend, type Logs } from './log-backend.js'
import { RowBackend, type Rows } from './row-backend.js'

const stop = async () => undefined
const unlimited = Number.POSITIVE_INFINITY

function memory(faults: Faults, ttlSeconds?: number) {
  return async (): Promise<ConformanceSetup> => {
    const database = new MemoryDatabase()
    return { open: options => withFaults(new MemoryBackend({ database, ttlSeconds, ...options }), faults), stop }
  }
}

async function log(): Promise<ConformanceSetup> {
  const logs: Logs = new Map()
  const raw = async (session: string) => [...(logs.get(session)?.records.slice(logs.get(session)?.start) ?? [])]
  return { open: ({ ttlSeconds, clock } = {}) => new LogBackend(logs, ttlSeconds, clock), raw, stop }
}

async function row(): Promise<ConformanceSetup> {
  const rows: Rows = new Map()
  const raw = async (session: string) => [...(rows.get(session)?.bodies ?? [])]
  return { open: ({ ttlSeconds, clock } = {}) => new RowBackend(rows, ttlSeconds, clock), raw, stop }
}

const setups: Record<string, () => Promise<ConformanceSetup>> = {
  'memory in pages of two, everything expiring': memory({ read: pagesOf(2) }, 864_000),
  'memory that takes three messages at once': memory({ supports: { atomicAppend: { messages: 3, bytes: 20_000 } } }),
  'memory that takes one message at a time': memory({ supports: { atomicAppend: { messages: 1, bytes: unlimited } } }),
  'a log in order of arrival': log,
  'one bounded row per session': row,
}

/** The suite asks nothing that only the memory backend has: backends of very different make pass it. */
describe.concurrent('the whole suite passes on', () => {
  it.each(Object.entries(setups))(
    '%s',
    async (_name, setup) => {
      expect(await failures(collect(setup, { longSession: 2_000 }))).toEqual([])
    },
    120_000,
  )
})
