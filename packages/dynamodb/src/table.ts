import { type AttributeValue, QueryCommand, type QueryCommandInput, type QueryCommandOutput } from '@aws-sdk/client-dynamodb'
import { type Call, HistoryError } from '@hist/core'
import { TICKS_PER_MS } from '@hist/core/backend'
import type { DynamoDBClientLike } from './client.js'
import { historyErrorOf } from './errors.js'
import type { TableSettings } from './options.js'
import { createTableCommand, wrongKeysText } from './schema.js'

export type Item = Record<string, AttributeValue>

/** The SDK has no usable time limit of its own, so every request gets this one. Repeating one is harmless by design. */
const REQUEST_LIMIT_MS = 3_000

/** One table through one client. */
export class Table {
  readonly settings: TableSettings
  readonly client: DynamoDBClientLike
  #closed = false

  constructor(settings: TableSettings, client: DynamoDBClientLike) {
    this.settings = settings
    this.client = client
  }

  /**
   * One bounded request; the SDK's errors come out as `HistoryError`.
   * @param needsKeysOnly the request is invalid only if the table has other keys than ours
   */
  async send<Output>(command: object, call: Call, { needsKeysOnly = false } = {}): Promise<Output> {
    if (this.#closed) throw new HistoryError('the store is closed', { code: 'CLOSED' })
    return call.request(REQUEST_LIMIT_MS, async abortSignal => {
      try {
        return (await this.client.send(command as never, { abortSignal })) as Output
      } catch (error) {
        throw historyErrorOf(error, {
          tableName: this.settings.tableName,
          createTable: createTableCommand(this.settings),
          wrongKeys: wrongKeysText(this.settings),
          needsKeysOnly,
        })
      }
    })
  }

  /** One page of a session's items with sort keys from `low` to `high`, both inclusive. */
  query(
    session: string,
    low: string,
    high: string,
    call: Call,
    more: Partial<QueryCommandInput> = {},
  ): Promise<QueryCommandOutput> {
    const command = new QueryCommand({
      TableName: this.settings.tableName,
      KeyConditionExpression: '#p = :p AND #s BETWEEN :low AND :high',
      ConsistentRead: true,
      ...more,
      ExpressionAttributeNames: {
        '#p': this.settings.primaryKeyName,
        '#s': this.settings.sortKeyName,
        ...more.ExpressionAttributeNames,
      },
      ExpressionAttributeValues: { ':p': { S: session }, ':low': { S: low }, ':high': { S: high } },
    })
    return this.send(command, call, { needsKeysOnly: true })
  }

  key(session: string, sortKey: string): Item {
    return { [this.settings.primaryKeyName]: { S: session }, [this.settings.sortKeyName]: { S: sortKey } }
  }

  sortKeyOf(item: Item): string {
    return item[this.settings.sortKeyName]?.S ?? ''
  }

  /** By the clock, because the server deletes late. */
  isExpired(item: Item): boolean {
    const expireAt = item[this.settings.ttlKeyName]?.N
    return expireAt !== undefined && Number(expireAt) <= this.nowSeconds()
  }

  /** Whole seconds since 1970 by the store's clock. */
  nowSeconds(): number {
    return Number(this.settings.clock.now() / (1_000n * TICKS_PER_MS))
  }

  /** No further request; what runs in the background ends at its next one. */
  close(): void {
    this.#closed = true
  }
}
