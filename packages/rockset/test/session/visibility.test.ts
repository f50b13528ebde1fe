import { historyBackendContract } from '@hist/core/conformance'
import * as vitest from 'vitest'
import { setUp } from './conformance-setup.js'

// Waits nearly all of its time. In a file of its own, so that others run meanwhile.
historyBackendContract({
  runner: vitest,
  name: 'Rockset session, visible 300 ms later',
  setup: () => setUp({ collection: 'chat', addTimeoutMs: 60_000 }, 300),
  options: { longSession: 1_500, testTimeoutMs: 120_000 },
})
