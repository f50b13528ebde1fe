// The server that a test file runs on, behind a proxy that passes everything unless a test says otherwise.
import { type FaultProxy, startFaultProxy } from '@hist/fault-proxy'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { type Database, openDatabase } from './database.js'

export let database: Database
export let proxy: FaultProxy

beforeAll(async () => {
  database = await openDatabase()
  proxy = await startFaultProxy(database.url)
})

afterAll(async () => {
  await database.close()
  await proxy.close()
})

afterEach(() => proxy.reset())
