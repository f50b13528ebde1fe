import { type ConformanceSetup, historyBackendContract } from '@hist/core/conformance'
import { DynamoDBBackend, type ListLayoutOptions } from '@hist/dynamodb/store'
import * as vitest from 'vitest'
import { openDatabase } from '../database.js'

/** 400 KB hold no more than these, and every page reads all of them. */
const LONG_SESSION = 1_600

type Options = Omit<Extract<ListLayoutOptions, { key?: never }>, 'tableName' | 'layout' | 'key'>

async function setUp(options: Options): Promise<ConformanceSetup> {
  const { primaryKeyName = 'SessionId' } = options
  const database = await openDatabase()
  const tableName = await database.createTable({ primaryKeyName, sortKeyName: null })
  return {
    open: more => new DynamoDBBackend({ tableName, layout: 'list', ...database.own(), ...options, ...more }),
    raw: session => database.items(tableName, session, primaryKeyName),
    stop: () => database.close(),
  }
}

historyBackendContract({
  runner: vitest,
  name: 'DynamoDB list, by default',
  setup: () => setUp({}),
  options: { longSession: LONG_SESSION },
})

// More than any session of the suite has, so that every append compares and replaces, but nothing is removed.
historyBackendContract({
  runner: vitest,
  name: 'DynamoDB list, by historySize',
  setup: () => setUp({ historySize: 10_000 }),
  options: { longSession: 200 },
})

historyBackendContract({
  runner: vitest,
  name: 'DynamoDB list, everything otherwise',
  setup: () =>
    setUp({
      primaryKeyName: 'name',
      historyMessagesKey: 'list',
      ttlKeyName: 'ttl',
      ttlSeconds: 30 * 86_400,
      consistentRead: true,
    }),
  options: { longSession: LONG_SESSION },
})
