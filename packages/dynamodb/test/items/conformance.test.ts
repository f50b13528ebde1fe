import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConformanceSetup, historyBackendContract } from '@hist/core/conformance'
import { DynamoDBBackend, type ItemsLayoutOptions } from '@hist/dynamodb/store'
import * as vitest from 'vitest'
import { type Database, openDatabase } from '../database.js'

type Options = Omit<ItemsLayoutOptions, 'tableName'>

const awkward: Options = {
  primaryKeyName: 'name',
  sortKeyName: 'order',
  ttlKeyName: 'ttl',
  ttlSeconds: 30 * 86_400,
  compress: false,
  consistentRead: true,
}

async function setUp(database: Database, options: Options, stop: () => Promise<void>): Promise<ConformanceSetup> {
  const { primaryKeyName = 'SessionId', sortKeyName = 'SK' } = options
  const tableName = await database.createTable({ primaryKeyName, sortKeyName })
  return {
    open: more => new DynamoDBBackend({ tableName, ...database.own(), ...options, ...more }),
    raw: session => database.items(tableName, session, primaryKeyName),
    stop,
  }
}

async function inMemory(options: Options): Promise<ConformanceSetup> {
  const database = await openDatabase()
  return setUp(database, options, () => database.close())
}

async function onFile(options: Options): Promise<ConformanceSetup> {
  const folder = await mkdtemp(join(tmpdir(), 'hist-dynamodb-'))
  const database = await openDatabase(folder)
  return setUp(database, options, async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })
}

historyBackendContract({ runner: vitest, name: 'DynamoDB items, by default', setup: () => inMemory({}) })
historyBackendContract({ runner: vitest, name: 'DynamoDB items, everything otherwise', setup: () => inMemory(awkward) })
historyBackendContract({ runner: vitest, name: 'DynamoDB items, on file', setup: () => onFile({}) })
