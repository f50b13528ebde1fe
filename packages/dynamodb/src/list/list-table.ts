import { GetItemCommand, type GetItemCommandOutput } from '@aws-sdk/client-dynamodb'
import { type Call, HistoryError } from '@hist/core'
import { checkKey } from '../option-checks.js'
import type { ListSettings } from '../options.js'
import { type Item, Table } from '../table.js'

/** A table of layout `'list'`. */
export class ListTable extends Table<ListSettings> {
  #keyNames: readonly string[] | undefined

  /** Those of the app's `key` are known as soon as it was asked for one. */
  get keyNames(): readonly string[] {
    return this.#keyNames ?? [this.settings.primaryKeyName]
  }

  keyIn(session: string): Item {
    const { key, primaryKeyName, historyMessagesKey, ttlKeyName } = this.settings
    if (key === undefined) return { [primaryKeyName]: { S: session } }
    const given: unknown = key(session)
    checkKey(given, [historyMessagesKey, ttlKeyName])
    this.#keyNames = Object.keys(given)
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, { S: value }]))
  }

  async get(session: string, consistent: boolean, call: Call): Promise<Item | undefined> {
    const command = new GetItemCommand({
      TableName: this.settings.tableName,
      Key: this.keyIn(session),
      ConsistentRead: consistent,
    })
    return (await this.send<GetItemCommandOutput>(command, call, { needsKeysOnly: true })).Item
  }

  /** @throws HistoryError `INVALID_CONFIGURATION` if the item has its messages elsewhere, or is of another kind */
  messagesIn(item: Item): NonNullable<Item[string]['L']> {
    const { tableName, historyMessagesKey } = this.settings
    const messages = item[historyMessagesKey]?.L
    if (messages !== undefined) return messages
    const lists = Object.keys(item).filter(name => item[name]?.L !== undefined)
    throw new HistoryError(
      `DynamoDB: the session's item in table ${tableName} has no list in its attribute ${historyMessagesKey} (historyMessagesKey); ` +
        `it has ${lists.length === 0 ? 'no list at all' : `lists in ${lists.join(', ')}`}`,
      { code: 'INVALID_CONFIGURATION' },
    )
  }
}
