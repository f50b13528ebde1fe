import { type FaultProxy, startFaultProxy } from '@hist/fault-proxy'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { type Database, openDatabase } from './database.js'

/** For the tests of the file that imports it: a database, a fault proxy in front of it, and tables. */
export let database: Database
export let proxy: FaultProxy
export let tableName: string
/** With a hash key only, as Python makes it. */
export let listTableName: string
let sessions = 0

beforeAll(async () => {
  database = await openDatabase()
  proxy = await startFaultProxy(database.url)
  tableName = await database.createTable()
  listTableName = await database.createTable({ sortKeyName: null })
})

afterAll(async () => {
  await proxy.close()
  await database.close()
})

afterEach(() => proxy.reset())

export function nextSession(): string {
  return `session-${sessions++}`
}
