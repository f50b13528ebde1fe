import { QueryCommand, type QueryCommandInput, type QueryCommandOutput } from '@aws-sdk/client-dynamodb'
import type { Call } from '@hist/core'
import type { ItemsSettings } from '../options.js'
import { type Item, Table } from '../table.js'
import { HEAD } from './sort-key.js'

/** A table of layout `'items'`. */
export class ItemsTable extends Table<ItemsSettings> {
  get keyNames(): readonly string[] {
    return [this.settings.primaryKeyName, this.settings.sortKeyName]
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

  keyIn(session: string): Item {
    return this.key(session, HEAD)
  }

  key(session: string, sortKey: string): Item {
    return { [this.settings.primaryKeyName]: { S: session }, [this.settings.sortKeyName]: { S: sortKey } }
  }

  sortKeyOf(item: Item): string {
    return item[this.settings.sortKeyName]?.S ?? ''
  }
}
