import type { Document } from '../documents.js'
import { parseJson } from '../json/parse.js'
import { type IndexedMembers, idIn, indexedMembers, indexKeys, type PairOrder, pairKey } from './index-keys.js'
import { encodeCount, encodeText, joinParts, under } from './keys.js'
import type { KeyRange, Store, Table } from './store.js'

/** The state of a document after a write. */
export interface Write {
  readonly id: string
  /** Undefined: deleted. */
  readonly next: { readonly text: string; readonly members: IndexedMembers } | undefined
  /** What was indexed before, if known: it saves parsing the document once more. */
  readonly previousMembers?: IndexedMembers | undefined
}

/** The documents of one collection and their index, which only change together. */
export class CollectionDocuments {
  readonly number: number
  readonly index: Table
  readonly #store: Store
  readonly #documents: Table
  readonly #orders: Table
  #pairOrders: readonly PairOrder[] | undefined

  /** @param number Of the collection; never used again for another. */
  constructor(store: Store, number: number) {
    this.number = number
    this.index = store.table('document_index')
    this.#store = store
    this.#documents = store.table('documents')
    this.#orders = store.table('orders')
  }

  text(id: string): string | undefined {
    return this.#documents.get(this.#key(encodeText(id)))
  }

  /** @param id As it is encoded in keys. */
  document(id: Uint8Array): Document {
    const text = this.#documents.get(this.#key(id))
    if (text === undefined) throw new Error('the index names a document that is not there')
    return parseJson(text) as Document
  }

  /** By id. */
  *scan(ids: KeyRange, direction?: 'ascending' | 'descending'): Generator<Document> {
    const range = { from: this.#key(ids.from), before: this.#key(ids.before) }
    for (const { value } of this.#documents.scan(range, direction)) yield parseJson(value) as Document
  }

  /** Of the documents that a part of a member's index names. */
  idsIn(range: KeyRange, valueStart: number, limit: number): string[] {
    const ids: string[] = []
    for (const { key } of this.index.scan(range)) {
      if (ids.length >= limit) break
      ids.push(String(this.document(idIn(key, valueStart).id)._id))
    }
    return ids
  }

  count(): number {
    return this.#documents.count(under(encodeCount(this.number)))
  }

  /** To be called in a transaction. */
  write({ id, next, previousMembers }: Write): void {
    const encodedId = encodeText(id)
    const key = this.#key(encodedId)
    const keysOf = (members: IndexedMembers) => indexKeys(this.number, this.pairOrders(), members, encodedId)
    const previous = keysOf(previousMembers ?? this.#membersOf(this.#documents.get(key)))
    const current = keysOf(next?.members ?? new Map())
    for (const [name, indexKey] of previous) if (!current.has(name)) this.index.delete(indexKey)
    for (const [name, indexKey] of current) if (!previous.has(name)) this.index.put(indexKey, '')
    if (next) this.#documents.put(key, next.text)
    else this.#documents.delete(key)
  }

  /** To be called in a transaction. */
  deleteAll(): void {
    const range = under(encodeCount(this.number))
    for (const table of [this.#documents, this.index, this.#orders]) table.deleteRange(range)
    this.#pairOrders = []
  }

  pairOrders(): readonly PairOrder[] {
    this.#pairOrders ??= [...this.#orders.scan(under(encodeCount(this.number)))].map(({ value }) => JSON.parse(value))
    return this.#pairOrders
  }

  /** From now on at hand. Takes about a millisecond for every 50 documents, once. */
  addPairOrder(order: PairOrder): void {
    this.#store.transaction(() => {
      for (const { value } of this.#documents.scan(under(encodeCount(this.number)))) {
        const document = parseJson(value) as Document
        const key = pairKey(this.number, order, indexedMembers(document), encodeText(String(document._id)))
        if (key) this.index.put(key, '')
      }
      const key = joinParts(encodeCount(this.number), encodeText(order.first), encodeText(order.second))
      this.#orders.put(key, JSON.stringify(order))
    })
    this.#pairOrders = undefined
  }

  #key(id: Uint8Array): Uint8Array {
    return joinParts(encodeCount(this.number), id)
  }

  #membersOf(text: string | undefined): IndexedMembers {
    return indexedMembers(text === undefined ? undefined : (parseJson(text) as Document))
  }
}
