import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { findPython } from '@hist/python'
import { startMoto } from '@hist/servers'
import { describeWithServer } from '@hist/servers/vitest'
import { describe, expect, test } from 'vitest'
import { acceptsConnections } from '../src/ports.js'

const search = findPython()
if (search.available) describe('a moto of our own', { timeout: 120_000 }, defineTests)
else test('a moto of our own', ({ skip }) => skip(search.reason))

describeWithServer('dynamodb', 'the DynamoDB of all test files', address => {
  test('answers', async () => {
    const client = 'region' in address ? new DynamoDBClient(address) : clientOf(address.endpoint)
    const TableName = await createTable(client)
    await client.send(new PutItemCommand({ TableName, Item: { id: { S: 'a' }, text: { S: 'ü' } } }))
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: { id: { S: 'a' } }, ConsistentRead: true }))
    expect(Item).toEqual({ id: { S: 'a' }, text: { S: 'ü' } })
    await client.send(new DeleteTableCommand({ TableName }))
  })
})

function defineTests(): void {
  test('keeps every one of 40 updates at once', async () => {
    const { endpoint, stop } = await startMoto()
    const client = clientOf(endpoint)
    try {
      const TableName = await createTable(client)
      const append = () =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: { id: { S: 'a' } },
            UpdateExpression: 'SET l = list_append(if_not_exists(l, :none), :one)',
            ExpressionAttributeValues: { ':none': { L: [] }, ':one': { L: [{ NULL: true }] } },
          }),
        )
      await Promise.all(Array.from({ length: 40 }, append))
      const { Item } = await client.send(new GetItemCommand({ TableName, Key: { id: { S: 'a' } } }))
      expect(Item?.l?.L).toHaveLength(40)
    } finally {
      client.destroy()
      await stop()
    }
  })

  test('listens on 127.0.0.1 only as long as it runs, and leaves no folder', async () => {
    const { folder, nodes, stop } = await startMoto()
    const [node] = nodes
    const port = node?.port ?? 0
    expect(await acceptsConnections(port, '127.0.0.1')).toBe(true)
    expect(await acceptsConnections(port, '127.0.0.2')).toBe(false)
    await node?.kill()
    expect(await acceptsConnections(port, '127.0.0.1')).toBe(false)
    await node?.restart()
    expect(await acceptsConnections(port, '127.0.0.1')).toBe(true)
    await stop()
    expect([node?.pid, existsSync(folder)]).toEqual([0, false])
  })
}

function clientOf(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } })
}

async function createTable(client: DynamoDBClient): Promise<string> {
  const TableName = `hist-${randomUUID()}`
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  )
  await waitUntilTableExists({ client, minDelay: 1, maxDelay: 5, maxWaitTime: 120 }, { TableName })
  return TableName
}
