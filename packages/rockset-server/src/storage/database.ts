import type { DocumentSource } from '../documents.js'
import { Catalog, type Collection } from './catalog.js'
import { CollectionDocuments } from './collection-documents.js'
import { IndexedCollection } from './indexed-collection.js'
import { openLibsqlStore } from './libsql-store.js'
import type { Store } from './store.js'
import { Sweeper } from './sweeper.js'
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

/** Everything the server keeps. */
export class Database implements DocumentSource {
  readonly catalog: Catalog
  readonly #store: Store
  readonly #log: WriteLog
  readonly #sweeper: Sweeper
  readonly #now: () => number
  readonly #documents = new Map<number, CollectionDocuments>()

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
    const collections = () => this.catalog.collections().map(collection => this.#documentsOf(collection))
    this.#sweeper = new Sweeper({ store, collections, onError })
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
    return collection && new IndexedCollection(this.#documentsOf(collection))
  }

  count(collection: Collection): number {
    return this.#documentsOf(collection).count()
  }

  /** One request: one transaction, one offset. Nothing is written if `action` throws. */
  write<Result>(collection: Collection, action: (batch: WriteBatch) => Result): { result: Result; offset: number } {
    return this.#log.accept(collection, this.#documentsOf(collection), action)
  }

  /** Gone at once; what it takes up on the disk is given back bit by bit. */
  deleteCollection(collection: Collection): void {
    this.#store.transaction(() => {
      this.catalog.deleteCollection(collection)
      this.#sweeper.drop(collection.number)
    })
    this.#documents.delete(collection.number)
  }

  close(): void {
    this.#sweeper.stop()
    this.#log.stop()
    this.#store.close()
  }

  #documentsOf(collection: Collection): CollectionDocuments {
    const { number } = collection
    const documents = this.#documents.get(number) ?? new CollectionDocuments(this.#store, collection, this.#now)
    this.#documents.set(number, documents)
    return documents
  }
}
