import type { ConformanceSetup } from '@hist/core/conformance'
import { DynamoDBBackend, type ItemsLayoutOptions, type ListLayoutOptions, type OwnClientOptions } from '@hist/dynamodb/store'
import type { Item, Keys } from './database.js'

type ItemsOptions = Omit<ItemsLayoutOptions, 'tableName'>
type ListOptions = Omit<Extract<ListLayoutOptions, { key?: never }>, 'tableName' | 'key'>
export type ConformanceOptions = ItemsOptions | ListOptions

/** Everything otherwise than by default, in layout `'items'`. */
export const awkwardItems: ItemsOptions = {
  primaryKeyName: 'name',
  sortKeyName: 'order',
  ttlKeyName: 'ttl',
  ttlSeconds: 30 * 86_400,
  compress: false,
}

/** The same in layout `'list'`. */
export const awkwardList: ListOptions = {
  layout: 'list',
  primaryKeyName: 'name',
  historyMessagesKey: 'list',
  ttlKeyName: 'ttl',
  ttlSeconds: 30 * 86_400,
}

interface Tables {
  own(): OwnClientOptions
  createTable(keys: Keys): Promise<string>
  items(tableName: string, session: string, primaryKeyName: string): Promise<Item[]>
  close(): Promise<void>
}

/** A table of its own, with the keys that the options name. */
export async function setUp(
  database: Tables,
  options: ConformanceOptions,
  stop = () => database.close(),
): Promise<ConformanceSetup> {
  const { primaryKeyName = 'SessionId' } = options
  const sortKeyName = options.layout === 'list' ? null : (options.sortKeyName ?? 'SK')
  const tableName = await database.createTable({ primaryKeyName, sortKeyName })
  return {
    open: more => new DynamoDBBackend({ tableName, ...database.own(), ...options, ...more }),
    raw: session => database.items(tableName, session, primaryKeyName),
    stop,
  }
}
