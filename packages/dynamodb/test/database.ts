import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type AttributeValue,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  paginateQuery,
} from '@aws-sdk/client-dynamodb'
import type { HistoryStore } from '@hist/core'
import { createDynamoDBHistory, type DynamoDBTableOptions } from '@hist/dynamodb/store'
import dynalite from 'dynalite'

export type Item = Record<string, AttributeValue>

export interface Keys {
  primaryKeyName?: string
  /** `null`: a table with a hash key only, as Python makes it. */
  sortKeyName?: string | null
}

/** A real server in this process, and a client of the SDK that looks at what is stored. */
export interface Database {
  readonly url: string
  readonly client: DynamoDBClient
  /** Options for a client of the library's own. */
  own(url?: string): { endpointUrl: string; region: string; credentials: typeof CREDENTIALS }
  createTable(keys?: Keys): Promise<string>
  /** Everything in the session, heads before parts. */
  items(tableName: string, session: string, primaryKeyName?: string): Promise<Item[]>
  /** A store on the table; closed with the database. */
  store(options: DynamoDBTableOptions, url?: string): HistoryStore
  close(): Promise<void>
}

export const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }

/** @param path keep the tables in this folder; without it in memory */
export async function openDatabase(path?: string): Promise<Database> {
  const server = dynalite({ createTableMs: 0, ...(path === undefined ? {} : { path }) })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve())
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const own = (endpointUrl = url) => ({ endpointUrl, region: 'us-east-1', credentials: CREDENTIALS })
  const client = sdkClient(url)
  const stores: HistoryStore[] = []
  return {
    url,
    client,
    own,
    async createTable({ primaryKeyName = 'SessionId', sortKeyName = 'SK' } = {}) {
      const name = `hist-${randomBytes(6).toString('hex')}`
      const names = sortKeyName === null ? [primaryKeyName] : [primaryKeyName, sortKeyName]
      await client.send(
        new CreateTableCommand({
          TableName: name,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: names.map(AttributeName => ({ AttributeName, AttributeType: 'S' })),
          KeySchema: names.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
        }),
      )
      // On file, dynalite says CREATING for a moment.
      while ((await client.send(new DescribeTableCommand({ TableName: name }))).Table?.TableStatus !== 'ACTIVE') await pause(5)
      return name
    },
    async items(TableName, session, primaryKeyName = 'SessionId') {
      const pages = paginateQuery(
        { client },
        {
          TableName,
          ConsistentRead: true,
          KeyConditionExpression: '#p = :p',
          ExpressionAttributeNames: { '#p': primaryKeyName },
          ExpressionAttributeValues: { ':p': { S: session } },
        },
      )
      const items: Item[] = []
      for await (const page of pages) items.push(...(page.Items ?? []))
      return items
    },
    store(options, endpointUrl) {
      const store = createDynamoDBHistory({ ...own(endpointUrl), ...options })
      stores.push(store)
      return store
    },
    async close() {
      await Promise.all(stores.map(store => store.close()))
      client.destroy()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

export function sdkClient(endpoint: string, maxAttempts = 1): DynamoDBClient {
  return new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: CREDENTIALS, maxAttempts })
}

/** Text that gzip cannot shrink below three quarters. */
export function noise(bytes: number): string {
  return randomBytes(Math.ceil((bytes * 3) / 4))
    .toString('base64')
    .slice(0, bytes)
}
