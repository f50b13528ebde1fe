import { randomBytes } from 'node:crypto'
import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  paginateQuery,
  paginateScan,
  ResourceNotFoundException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import type { HistoryStore } from '@hist/core'
import { createDynamoDBHistory, type DynamoDBTableOptions, type OwnClientOptions } from '@hist/dynamodb/store'
import type { DynamoDBAddress } from '@hist/servers'
import { CREDENTIALS, type Item, type Keys } from './database.js'

/** Tables on a server that others use too, and a client of the SDK that looks at what is stored. */
export interface ExternalDatabase {
  readonly client: DynamoDBClient
  /** Options for a client of the library's own. */
  own(): OwnClientOptions
  /** A name that no table has. What is made of it is deleted with the database. */
  newTableName(): string
  /** Resolves when the table can be used, and that takes AWS seconds. */
  createTable(keys?: Keys): Promise<string>
  /** Everything in the session, heads before parts. */
  items(tableName: string, session: string, primaryKeyName?: string): Promise<Item[]>
  /** A store on the table; closed with the database. */
  store(options: DynamoDBTableOptions): HistoryStore
  /** Deletes what is in the tables that `createTable` made. */
  empty(): Promise<void>
  /** Deletes the tables. */
  close(): Promise<void>
}

/** @param address with a region it is AWS, with the credentials that the SDK finds in the environment */
export function openExternalDatabase(address: DynamoDBAddress): ExternalDatabase {
  const local = { region: 'us-east-1', credentials: CREDENTIALS }
  const own = (): OwnClientOptions => ('region' in address ? address : { endpointUrl: address.endpoint, ...local })
  const client = new DynamoDBClient('region' in address ? address : { ...address, ...local })
  const stores: HistoryStore[] = []
  const tableNames: string[] = []
  const keyNames = new Map<string, readonly string[]>()
  const newTableName = () => {
    const name = `hist-${randomBytes(6).toString('hex')}`
    tableNames.push(name)
    return name
  }
  return {
    client,
    own,
    newTableName,
    async createTable({ primaryKeyName = 'SessionId', sortKeyName = 'SK' } = {}) {
      const TableName = newTableName()
      const names = sortKeyName === null ? [primaryKeyName] : [primaryKeyName, sortKeyName]
      await client.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: names.map(AttributeName => ({ AttributeName, AttributeType: 'S' })),
          KeySchema: names.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
        }),
      )
      await waitUntilTableExists({ client, minDelay: 1, maxDelay: 5, maxWaitTime: 120 }, { TableName })
      keyNames.set(TableName, names)
      return TableName
    },
    async items(TableName, session, primaryKeyName = 'SessionId') {
      const query = {
        TableName,
        ConsistentRead: true,
        KeyConditionExpression: '#p = :p',
        ExpressionAttributeNames: { '#p': primaryKeyName },
        ExpressionAttributeValues: { ':p': { S: session } },
      }
      const items: Record<string, AttributeValue>[] = []
      for await (const page of paginateQuery({ client }, query)) items.push(...(page.Items ?? []))
      return items
    },
    store(options) {
      const store = createDynamoDBHistory({ ...own(), ...options })
      stores.push(store)
      return store
    },
    async empty() {
      for (const [tableName, names] of keyNames) await deleteItems(client, tableName, names)
    },
    async close() {
      await Promise.all(stores.map(store => store.close()))
      await Promise.all(tableNames.map(TableName => deleteTable(client, TableName)))
      client.destroy()
    },
  }
}

/** What one BatchWriteItem takes. */
const BATCH = 25

async function deleteItems(client: DynamoDBClient, TableName: string, names: readonly string[]): Promise<void> {
  const scan = {
    TableName,
    ConsistentRead: true,
    ProjectionExpression: names.map((_, index) => `#${index}`).join(),
    ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#${index}`, name])),
  }
  for await (const { Items = [] } of paginateScan({ client }, scan)) {
    const requests = Items.map(Key => ({ DeleteRequest: { Key } }))
    while (requests.length > 0) {
      const command = new BatchWriteItemCommand({ RequestItems: { [TableName]: requests.splice(0, BATCH) } })
      const { UnprocessedItems } = await client.send(command)
      requests.push(...((UnprocessedItems?.[TableName] ?? []) as typeof requests))
    }
  }
}

async function deleteTable(client: DynamoDBClient, TableName: string): Promise<void> {
  try {
    await client.send(new DeleteTableCommand({ TableName }))
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error
  }
}
