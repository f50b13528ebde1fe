import type { ConformanceSetup } from '@hist/core/conformance'
import { type MessageLayoutOptions, RocksetBackend } from '@hist/rockset/store'
import { openDatabase } from '../database.js'

export async function setUp(options: MessageLayoutOptions, visibilityDelayMs = 0): Promise<ConformanceSetup> {
  const database = await openDatabase({ visibilityDelayMs })
  if (options.workspace !== undefined) await database.createWorkspace(options.workspace)
  return {
    open: more => new RocksetBackend({ ...database.own(), ...options, ...more }),
    raw: async session => (await database.documents(session, options)).map(document => JSON.stringify(messageOf(document))),
    stop: () => database.close(),
  }
}

function messageOf(document: unknown): unknown {
  return (document as { message: unknown }).message
}
