import type { DocumentSource } from '../documents.js'
import { timeText } from '../event-time.js'
import { Catalog, type Collection } from './catalog.js'
import { CollectionDocuments } from './collection-documents.js'
import { memberIndex } from './index-keys.js'
import { IndexedCollection } from './indexed-collection.js'
import { openLibsqlStore } from './libsql-store.js'
import { rangeOfValues } from './narrowing.js'
import type { Store } from './store.js'
import { type WriteBatch, WriteLog } from './write-log.js'

export interface DatabaseOptions {
  /** Path of the file, or `:memory:`. */
  readonly data: string
  readonly visibilityDelayMs: number
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number
  /** Told of what fails when nobody waits for it. */
  readonly onError: (error: unknown) => void
}

const sweepEveryMs = 60_000
const expiredPerTransaction = 500

/** Everything the server keeps. */
export class Database implements DocumentSource {
  readonly catalog: Catalog
  readonly #store: Store
  readonly #log: WriteLog
  readonly #now: () => number
  readonly #documents = new Map<number, CollectionDocuments>()
  readonly #sweeper: NodeJS.Timeout

  /** @throws Error if the file cannot be opened or is in use. */
  constructor({ data, visibilityDelayMs, now = Date.now, onError }: DatabaseOptions) {
    const store = openLibsqlStore(data)
    this.#store = store
    this.#now = now
    this.catalog = new Catalog(store)
    const documentsOf = ({ workspace, name, number }: Pick<Collection, 'workspace' | 'name' | 'number'>) => {
      const collection = this.catalog.find(workspace, name)
      return collection?.number === number ? this.#documentsOf(collection) : undefined
    }
    this.#log = new WriteLog({ store, documentsOf, visibilityDelayMs, now, onError })
    this.#sweeper = setInterval(() => {
      try {
        for (const collection of this.catalog.collections()) this.#expire(collection)
      } catch (error) {
        onError(error)
      }
    }, sweepEveryMs).unref()
  }

  now(): number {
    return this.#now()
  }

  /** The offset up to which all writes can be read. */
  get applied(): number {
    return this.#log.applied
  }

  collection(workspace: string, name: string): IndexedCollection | undefined {
    const collection = this.catalog.find(workspace, name)
    return collection && new IndexedCollection(this.#expire(collection))
  }

  count(collection: Collection): number {
    return this.#expire(collection).count()
  }

  /** One request: one transaction, one offset. Nothing is written if `action` throws. */
  write<Result>(collection: Collection, action: (batch: WriteBatch) => Result): { result: Result; offset: number } {
    return this.#log.accept(collection, this.#expire(collection), action)
  }

  deleteCollection(collection: Collection): void {
    this.#store.transaction(() => {
      this.#documentsOf(collection).deleteAll()
      this.catalog.deleteCollection(collection)
    })
    this.#documents.delete(collection.number)
  }

  /** @throws Error if the file is damaged. */
  check(): void {
    this.#store.check()
  }

  close(): void {
    clearInterval(this.#sweeper)
    this.#log.stop()
    this.#store.close()
  }

  #documentsOf({ number }: Collection): CollectionDocuments {
    const documents = this.#documents.get(number) ?? new CollectionDocuments(this.#store, number)
    this.#documents.set(number, documents)
    return documents
  }

  /** Before each access, so that none finds what has expired. */
  #expire(collection: Collection): CollectionDocuments {
    const documents = this.#documentsOf(collection)
    if (collection.retentionSeconds === undefined) return documents
    const value = timeText(this.#now() - collection.retentionSeconds * 1_000)
    const bounds = { member: '_event_time', below: { value, isInclusive: false } }
    const index = memberIndex(collection.number, '_event_time')
    const range = rangeOfValues(index, bounds)
    while (documents.index.count(range) > 0) {
      this.#store.transaction(() => {
        for (const id of documents.idsIn(range, index.length, expiredPerTransaction)) documents.write({ id, next: undefined })
      })
    }
    return documents
  }
}
