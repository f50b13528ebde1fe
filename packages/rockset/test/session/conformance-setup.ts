import type { ConformanceSetup } from '@hist/core/conformance'
import { RocksetBackend, type SessionLayoutOptions } from '@hist/rockset/store'
import { openDatabase } from '../database.js'

export async function setUp(options: SessionLayoutOptions, visibilityDelayMs = 0): Promise<ConformanceSetup> {
  const database = await openDatabase({ visibilityDelayMs })
  if (options.workspace !== undefined) await database.createWorkspace(options.workspace)
  const settings = { ...database.own(), ...options }
  return {
    open: more => new RocksetBackend({ ...settings, ...more } as typeof settings),
    raw: session => rowsIn(database, session, options),
    stop: () => database.close(),
  }
}

function rowsIn(database: Awaited<ReturnType<typeof openDatabase>>, session: string, options: SessionLayoutOptions) {
  const { messagesKey = 'messages' } = options
  return database.rows(session, { ...options, messagesKey: messagesKey.replaceAll('"', '""') }).then(asText)
}

/** As the suite looks for rows: as texts. */
function asText(rows: unknown[]): string[] {
  return rows.map(row => JSON.stringify(row))
}
