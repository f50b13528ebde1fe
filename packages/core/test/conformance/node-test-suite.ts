import * as runner from 'node:test'
import { MemoryBackend, MemoryDatabase } from '@hist/core'
import { historyBackendContract } from '@hist/core/conformance'

// Bundled and run by node:test in a process of its own: see runners.test.ts.
historyBackendContract({
  runner,
  name: 'MemoryBackend under node:test',
  async setup() {
    const database = new MemoryDatabase()
    return {
      open: options => new MemoryBackend({ database, ...options }),
      stop: async () => {
        const timers = process.getActiveResourcesInfo().filter(resource => resource === 'Timeout')
        console.info(`the database is stopped, ${timers.length} timers are left`)
      },
    }
  },
  options: { longSession: 1_000 },
})
