import type { Document } from '../documents.js'
import { timeText } from '../event-time.js'
import { parseJson } from '../json/parse.js'
import type { Collection } from './catalog.js'
import { type IndexedMembers, idIn, indexedMembers, indexKeys, memberIndex, type PairOrder, pairKey } from './index-keys.js'
import { encodeCount, encodeText, joinParts, under } from './keys.js'
import { rangeOfValues } from './narrowing.js'
import { PairOrders } from './pair-orders.js'
import { Slice } from './slice.js'
import type { KeyRange, Store, Table } from './store.js'

/** The state of a document after a write. */
export interface Write {
  readonly id: string
  /** Undefined: deleted. */
  readonly next: { readonly text: string; readonly members: IndexedMembers } | undefined
  /** What was indexed before, if known: it saves parsing the document once more. */
  readonly previousMembers?: IndexedMembers | undefined
}

/**
 * The documents of one collection and their index, which only change together. Those older than the collection's retention are there until they
 * are swept, but are not to be shown.
 */
export class CollectionDocuments {
  readonly number: number
  readonly index: Table
  readonly pairOrders: PairOrders
  readonly #store: Store
  readonly #documents: Table
  readonly #retentionSeconds: number | undefined
  readonly #now: () => number

  constructor(store: Store, { number, retentionSeconds }: Pick<Collection, 'number' | 'retentionSeconds'>, now: () => number) {
    this.number = number
    this.index = store.table('document_index')
    this.pairOrders = new PairOrders(store.table('orders'), number)
    this.#store = store
    this.#documents = store.table('documents')
    this.#retentionSeconds = retentionSeconds
    this.#now = now
  }

  /** The `_event_time` of the oldest documents to be shown; undefined if all are. */
  get oldest(): string | undefined {
    return this.#retentionSeconds === undefined ? undefined : timeText(this.#now() - this.#retentionSeconds * 1_000)
  }

  text(id: string): string | undefined {
    const text = this.#documents.get(this.#key(encodeText(id)))
    const { oldest } = this
    return text === undefined || oldest === undefined || isAlive(parseJson(text) as Document, oldest) ? text : undefined
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

  count(): number {
    const expired = this.#expired()
    return this.#documents.count(under(encodeCount(this.number))) - (expired ? this.index.count(expired) : 0)
  }

  get hasExpired(): boolean {
    const expired = this.#expired()
    for (const _ of expired ? this.index.scan(expired) : []) return true
    return false
  }

  /** To be called in a transaction. */
  write({ id, next, previousMembers }: Write): void {
    const encodedId = encodeText(id)
    const key = this.#key(encodedId)
    const keysOf = (members: IndexedMembers) => indexKeys(this.number, this.pairOrders.all, members, encodedId)
    const previous = keysOf(previousMembers ?? this.#membersOf(this.#documents.get(key)))
    const current = keysOf(next?.members ?? new Map())
    for (const [name, indexKey] of previous) if (!current.has(name)) this.index.delete(indexKey)
    for (const [name, indexKey] of current) if (!previous.has(name)) this.index.put(indexKey, '')
    if (next) this.#documents.put(key, next.text)
    else this.#documents.delete(key)
  }

  /** Deletes expired documents for a while. @returns whether none is left */
  sweep(slice: Slice): boolean {
    const expired = this.#expired()
    if (!expired) return true
    return this.#store.transaction(() => {
      for (const { key } of this.index.scan(expired)) {
        if (slice.isOver) return false
        const { id } = idIn(key, this.#eventTimes.length)
        this.write({ id: String(this.document(id)._id), next: undefined })
      }
      return true
    })
  }

  /** Works for a while at an order, about 50 documents a millisecond; writes keep up what is done. @returns whether it can be used now */
  buildPairOrder(order: PairOrder): boolean {
    const slice = new Slice()
    return this.#store.transaction(() => {
      const { from, before } = under(encodeCount(this.number))
      let next: Uint8Array | undefined
      for (const { key, value } of this.#documents.scan({ from: this.pairOrders.nextOf(order) ?? from, before })) {
        if (slice.isOver) {
          next = key
          break
        }
        const document = parseJson(value) as Document
        const indexKey = pairKey(this.number, order, indexedMembers(document), encodeText(String(document._id)))
        if (indexKey) this.index.put(indexKey, '')
      }
      this.pairOrders.put(order, next)
      return next === undefined
    })
  }

  get #eventTimes(): Uint8Array {
    return memberIndex(this.number, '_event_time')
  }

  /** In the index of `_event_time`. */
  #expired(): KeyRange | undefined {
    const { oldest } = this
    if (oldest === undefined) return undefined
    return rangeOfValues(this.#eventTimes, { member: '_event_time', below: { value: oldest, isInclusive: false } })
  }

  #key(id: Uint8Array): Uint8Array {
    return joinParts(encodeCount(this.number), id)
  }

  #membersOf(text: string | undefined): IndexedMembers {
    return indexedMembers(text === undefined ? undefined : (parseJson(text) as Document))
  }
}

export function isAlive({ _event_time }: Document, oldest: string): boolean {
  return typeof _event_time !== 'string' || _event_time >= oldest
}
