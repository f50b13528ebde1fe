import { type ConformanceRunner, type ConformanceSetup, historyBackendContract } from '@hist/core/conformance'
import { afterAll, describe, it, vi } from 'vitest'

/** How long after its acknowledgement a write can be read. */
const VISIBILITY_DELAY_MS = 300
const AT_ONCE = 16
/** One looks at all sessions there are, the other one measures time. */
const ALONE = ['listing sessions', 'deadlines and signals']
/** Their tests share sessions, which the last one clears. */
const IN_ORDER = ['isolation', 'long sessions']

/**
 * The contract on a server whose writes can be read only later. Its tests wait nearly all of their time: 370 s one after the other. So they
 * wait together, each on sessions of its own.
 */
export function lateVisibilityContract(name: string, setup: (visibilityDelayMs: number) => Promise<ConformanceSetup>): void {
  vi.setConfig({ maxConcurrency: AT_ONCE })
  const runner: ConformanceRunner = {
    it,
    afterAll,
    describe(title, define) {
      if (title === name || ALONE.includes(title)) return describe(title, define)
      return describe.concurrent(title, IN_ORDER.includes(title) ? () => describe.sequential('in order', define) : define)
    },
  }
  historyBackendContract({
    runner,
    name,
    setup: () => setup(VISIBILITY_DELAY_MS),
    options: { longSession: 1_500, testTimeoutMs: 120_000 },
  })
}
