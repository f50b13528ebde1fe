// #region conformance
import { MemoryBackend, MemoryDatabase } from '@hist/core'
import { historyBackendContract } from '@hist/core/conformance'
import * as runner from 'vitest'

historyBackendContract({
  runner,
  name: 'MemoryBackend',
  async setup() {
    const database = new MemoryDatabase()
    return {
      open: options => new MemoryBackend({ database, ...options }),
      raw: async session => [...(database.sessions.get(session) ?? [])],
      stop: async () => undefined,
    }
  },
})
// #endregion conformance
