import type { CollectionDocuments } from './collection-documents.js'
import { encodeCount, under } from './keys.js'
import { Slice } from './slice.js'
import type { Store, Table, TableName } from './store.js'

export interface SweeperOptions {
  readonly store: Store
  readonly collections: () => Iterable<CollectionDocuments>
  readonly onError: (error: unknown) => void
}

const everyMs = 60_000
/** Between two slices, for requests. */
const pauseMs = 10
/** A document may be large. */
const rowsAtATime = 50
const tablesOfCollections: readonly TableName[] = ['documents', 'document_index', 'orders']

/** Deletes what can be seen no more, by slices: documents older than their collection's retention, and what dropped collections leave. */
export class Sweeper {
  readonly #options: SweeperOptions
  readonly #dropped: Table
  #timer: NodeJS.Timeout | undefined

  constructor(options: SweeperOptions) {
    this.#options = options
    this.#dropped = options.store.table('dropped')
    this.#schedule(pauseMs)
  }

  /** What a collection had; its number is never used again. To be called in a transaction. */
  drop(collection: number): void {
    this.#dropped.put(encodeCount(collection), String(collection))
    this.#schedule(pauseMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#run(), afterMs).unref()
  }

  #run(): void {
    let isDone = true
    try {
      isDone = this.#sweep(new Slice())
    } catch (error) {
      this.#options.onError(error)
    }
    this.#schedule(isDone ? everyMs : pauseMs)
  }

  #sweep(slice: Slice): boolean {
    for (const documents of this.#options.collections()) if (!documents.sweep(slice)) return false
    for (const { value } of this.#dropped.scan(under(Buffer.alloc(0))))
      if (!this.#sweepDropped(Number(value), slice)) return false
    return true
  }

  #sweepDropped(collection: number, slice: Slice): boolean {
    const { store } = this.#options
    const range = under(encodeCount(collection))
    return store.transaction(() => {
      for (const name of tablesOfCollections) {
        do if (slice.isOver) return false
        while (store.table(name).deleteSome(range, rowsAtATime) > 0)
      }
      this.#dropped.delete(encodeCount(collection))
      return true
    })
  }
}
