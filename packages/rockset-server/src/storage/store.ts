/** Which keys: those from `from` (itself included) up to `before` (itself excluded), in the order of their bytes. */
export interface KeyRange {
  readonly from: Uint8Array
  readonly before: Uint8Array
}

export interface StoredPair {
  readonly key: Uint8Array
  readonly value: string
}

/** Text by key, ordered by the bytes of the keys. */
export interface Table {
  get(key: Uint8Array): string | undefined
  put(key: Uint8Array, value: string): void
  delete(key: Uint8Array): void
  /** Of the first ones in a range. @returns how many there were */
  deleteSome(range: KeyRange, most: number): number
  /** Lazily, some pairs at a time: whoever stops reads no more. */
  scan(range: KeyRange, direction?: 'ascending' | 'descending'): Iterable<StoredPair>
  count(range: KeyRange): number
}

export const tableNames = [
  'workspaces',
  'collections',
  'documents',
  'document_index',
  'orders',
  'offsets',
  'pending',
  'dropped',
] as const
export type TableName = (typeof tableNames)[number]

/** All that the server asks of a database, so that another can take its place. Everything is synchronous and on one connection. */
export interface Store {
  table(name: TableName): Table
  /** Durable when it returns; nothing of it is there when `action` throws. One within another is part of it. */
  transaction<Result>(action: () => Result): Result
  close(): void
}
