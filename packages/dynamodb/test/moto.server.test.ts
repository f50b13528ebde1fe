// A second implementation of the service, or the one that HIST_DYNAMODB names.
import { DescribeTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb'
import { type ConformanceSetup, historyBackendContract } from '@hist/core/conformance'
import { DynamoDBBackend, type ItemsLayoutOptions, type ListLayoutOptions } from '@hist/dynamodb/store'
import type { DynamoDBAddress } from '@hist/servers'
import { describeWithServer } from '@hist/servers/vitest'
import * as vitest from 'vitest'
import { expect, test } from 'vitest'
import { contents, human } from './database.js'
import { openExternalDatabase } from './external-database.js'

type Options = Omit<ItemsLayoutOptions, 'tableName'>

const awkward: Options = {
  primaryKeyName: 'name',
  sortKeyName: 'order',
  ttlKeyName: 'ttl',
  ttlSeconds: 30 * 86_400,
  compress: false,
}

type ListOptions = Omit<Extract<ListLayoutOptions, { key?: never }>, 'tableName' | 'layout' | 'key'>

const awkwardList: ListOptions = {
  primaryKeyName: 'name',
  historyMessagesKey: 'list',
  ttlKeyName: 'ttl',
  ttlSeconds: 30 * 86_400,
}

async function setUp(address: DynamoDBAddress, options: Options): Promise<ConformanceSetup> {
  const { primaryKeyName = 'SessionId', sortKeyName = 'SK' } = options
  const database = openExternalDatabase(address)
  const tableName = await database.createTable({ primaryKeyName, sortKeyName })
  return {
    open: more => new DynamoDBBackend({ tableName, ...database.own(), ...options, ...more }),
    raw: session => database.items(tableName, session, primaryKeyName),
    stop: () => database.close(),
  }
}

async function setUpList(address: DynamoDBAddress, options: ListOptions): Promise<ConformanceSetup> {
  const { primaryKeyName = 'SessionId' } = options
  const database = openExternalDatabase(address)
  const tableName = await database.createTable({ primaryKeyName, sortKeyName: null })
  return {
    open: more => new DynamoDBBackend({ tableName, layout: 'list', ...database.own(), ...options, ...more }),
    raw: session => database.items(tableName, session, primaryKeyName),
    stop: () => database.close(),
  }
}

describeWithServer('dynamodb', 'list on a real server', address => {
  // moto takes a millisecond for each message of a list that it reads.
  const options = { longSession: 120 }
  historyBackendContract({ runner: vitest, name: 'DynamoDB list, by default', setup: () => setUpList(address, {}), options })
  historyBackendContract({
    runner: vitest,
    name: 'DynamoDB list, everything otherwise',
    setup: () => setUpList(address, awkwardList),
    options,
  })
})

describeWithServer('dynamodb', 'items on a real server', address => {
  const options = { longSession: 500 }
  historyBackendContract({ runner: vitest, name: 'DynamoDB items, by default', setup: () => setUp(address, {}), options })
  historyBackendContract({
    runner: vitest,
    name: 'DynamoDB items, everything otherwise',
    setup: () => setUp(address, awkward),
    options,
  })

  // dynalite has no TTL.
  test("setupMode 'sync' makes a table that deletes what has expired, and finds it again", async () => {
    const database = openExternalDatabase(address)
    try {
      const tableName = database.newTableName()
      const options = { tableName, setupMode: 'sync', ttlSeconds: 60, ttlKeyName: 'ttl' } as const
      for (const content of ['first', 'second'])
        await database
          .store(options)
          .session('s')
          .append([human(content)])
      expect(contents(await database.store({ tableName }).session('s').messages())).toEqual(['first', 'second'])
      const { Table } = await database.client.send(new DescribeTableCommand({ TableName: tableName }))
      expect(Table?.KeySchema?.map(key => key.AttributeName)).toEqual(['SessionId', 'SK'])
      const ttl = await database.client.send(new DescribeTimeToLiveCommand({ TableName: tableName }))
      expect(ttl.TimeToLiveDescription).toMatchObject({ AttributeName: 'ttl', TimeToLiveStatus: expect.stringMatching(/^ENABL/) })
    } finally {
      await database.close()
    }
  }, 120_000)
})
