import assert from 'node:assert/strict'
import { appending } from './append.js'
import { checkingArguments } from './arguments.js'
import { clearing } from './clear.js'
import { unreadableEntries } from './corrupt.js'
import { endingEarly } from './deadline.js'
import { expiring } from './expiry.js'
import { isolating } from './isolation.js'
import { type ConformanceSetup, openLab } from './lab.js'
import { openingAndClosing } from './lifecycle.js'
import { longSessions } from './long.js'
import { keepingMessages } from './messages.js'
import { ordering } from './order.js'
import { paging } from './paging.js'
import { splitting } from './pieces.js'
import { storedRecords } from './raw.js'
import { exactlyOnce } from './retry.js'
import { listing } from './sessions.js'
import { sizing } from './size.js'
import { type ConformanceRunner, type Section, Suite } from './suite.js'
import { declaring, impliedBySupports } from './supports.js'
import { windowing } from './windows.js'

export type { ConformanceSetup }

export interface ConformanceOptions {
  /** For each test, in milliseconds. @default 60,000 */
  testTimeoutMs?: number
  /** Messages of the long session; fewer where `supports.maxSessionBytes` holds no more. @default 10,000 */
  longSession?: number
  /**
   * What makes messages expire: the backend's `clock`, or the server by its own time, which the suite then waits for.
   * @default 'clock'
   */
  expiry?: 'clock' | 'server'
}

export interface HistoryBackendContract {
  runner: ConformanceRunner
  /** Names the group of tests: backend and configuration. */
  name: string
  /** Makes or empties a database. Called once, by the first test that runs. */
  setup(): Promise<ConformanceSetup>
  options?: ConformanceOptions
}

const SECTIONS: Readonly<Record<string, Section>> = {
  'what is declared': declaring,
  append: appending,
  'append beyond atomicAppend': splitting,
  'too large': sizing,
  'exactly one copy': exactlyOnce,
  'total order': ordering,
  pages: paging,
  windows: windowing,
  'long sessions': longSessions,
  clear: clearing,
  isolation: isolating,
  'listing sessions': listing,
  expiry: expiring,
  messages: keepingMessages,
  'entries that cannot be read': unreadableEntries,
  'what is stored': storedRecords,
  arguments: checkingArguments,
  'deadlines and signals': endingEarly,
  'open and closed': openingAndClosing,
}

/**
 * The contract of a `HistoryBackend` as tests. The names say what is promised, `[n]` which guarantee it is. Only `supports` leaves
 * anything out, and the last test says what.
 *
 * ```ts
 * import { historyBackendContract } from '@hist/core/conformance'
 * import * as runner from 'vitest'
 *
 * historyBackendContract({
 *   runner,
 *   name: 'MyBackend',
 *   async setup() {
 *     const server = await startServer()
 *     return { open: options => new MyBackend({ url: server.url, ...options }), stop: () => server.stop() }
 *   },
 * })
 * ```
 */
export function historyBackendContract({ runner, name, setup, options = {} }: HistoryBackendContract): void {
  const { testTimeoutMs = 60_000, longSession = 10_000, expiry = 'clock' } = options
  const suite = new Suite(runner, testTimeoutMs, async () => openLab(await setup(), { longSession, expiry }))
  suite.describe(name, () => {
    for (const [theme, section] of Object.entries(SECTIONS)) suite.describe(theme, () => section(suite))
    suite.plainTest('what supports leaves out', async () => {
      const { leftOut, supports, database } = await suite.ready()
      const implied = impliedBySupports(supports, database, longSession)
      for (const item of leftOut) console.info(`${name}: not tested: ${item} (${implied.get(item) ?? 'not implied'})`)
      const unexpected = [...leftOut].filter(item => !implied.has(item))
      assert.deepEqual(unexpected, [], 'left out although supports promises it')
      if (suite.complete)
        assert.deepEqual([...leftOut].sort(), [...implied.keys()].sort(), 'left out is exactly what supports implies')
    })
    suite.afterAll(async () => {
      const { shared, database } = await suite.ready()
      await Promise.all([shared.here.close(), shared.there.close()])
      await database.stop()
    })
  })
}
