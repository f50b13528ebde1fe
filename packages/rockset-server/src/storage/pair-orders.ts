import type { PairOrder } from './index-keys.js'
import { encodeCount, encodeText, joinParts, under } from './keys.js'
import type { Table } from './store.js'

interface StoredOrder extends PairOrder {
  /** In hex, the key of the first document that is not in it yet; missing if all are. */
  readonly next?: string
}

/** Which pairs of members a collection keeps an order of, and how far each is made. */
export class PairOrders {
  readonly #table: Table
  readonly #collection: number
  #orders: readonly StoredOrder[] | undefined

  /** @param collection Its number. */
  constructor(table: Table, collection: number) {
    this.#table = table
    this.#collection = collection
  }

  /** Those that are not complete, too. */
  get all(): readonly PairOrder[] {
    return this.#all()
  }

  isComplete(order: PairOrder): boolean {
    const known = this.#find(order)
    return known !== undefined && known.next === undefined
  }

  /** Where to go on; undefined at the beginning. */
  nextOf(order: PairOrder): Uint8Array | undefined {
    const next = this.#find(order)?.next
    return next === undefined ? undefined : Buffer.from(next, 'hex')
  }

  /** To be called in a transaction. */
  put({ first, second }: PairOrder, next: Uint8Array | undefined): void {
    const order: StoredOrder = { first, second, ...(next && { next: Buffer.from(next).toString('hex') }) }
    this.#table.put(joinParts(encodeCount(this.#collection), encodeText(first), encodeText(second)), JSON.stringify(order))
    this.#orders = undefined
  }

  #find({ first, second }: PairOrder): StoredOrder | undefined {
    return this.#all().find(order => order.first === first && order.second === second)
  }

  #all(): readonly StoredOrder[] {
    this.#orders ??= Array.from(this.#table.scan(under(encodeCount(this.#collection))), ({ value }) => JSON.parse(value))
    return this.#orders
  }
}
