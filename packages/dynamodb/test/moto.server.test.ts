// A second implementation of the service, or the one that HIST_DYNAMODB names.
import { DescribeTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb'
import { type HistoryBackendContract, historyBackendContract } from '@hist/core/conformance'
import type { DynamoDBAddress } from '@hist/servers'
import { describeWithServer } from '@hist/servers/vitest'
import { afterAll, describe, expect, it, test } from 'vitest'
import { contents, human } from '../../core/test/messages.js'
import { awkwardItems, awkwardList, type ConformanceOptions, setUp } from './conformance-setup.js'
import { openExternalDatabase } from './external-database.js'

/** Of tests that share nothing with those before: moto sorts a whole table for every Query, and so each theme leaves its table empty. */
function contract(
  name: string,
  address: DynamoDBAddress,
  options: ConformanceOptions,
  longSession: number,
): HistoryBackendContract {
  const database = openExternalDatabase(address)
  const runner = {
    describe: (theme: string, define: () => void) =>
      describe(theme, () => {
        define()
        afterAll(() => database.empty())
      }),
    it,
    afterAll,
  }
  return { runner, name, setup: () => setUp(database, options), options: { longSession } }
}

describeWithServer('dynamodb', 'list on a real server', address => {
  // moto takes a millisecond for each message of a list that it reads.
  historyBackendContract(contract('DynamoDB list, by default', address, { layout: 'list' }, 60))
  historyBackendContract(contract('DynamoDB list, everything otherwise', address, awkwardList, 60))
})

describeWithServer('dynamodb', 'items on a real server', address => {
  historyBackendContract(contract('DynamoDB items, by default', address, {}, 500))
  historyBackendContract(contract('DynamoDB items, everything otherwise', address, awkwardItems, 500))

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
