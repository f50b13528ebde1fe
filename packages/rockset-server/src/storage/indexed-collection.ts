import type { CollectionView, Document, Narrowing, Scalar } from '../documents.js'
import { parseJson } from '../json/parse.js'
import { type CollectionDocuments, isAlive } from './collection-documents.js'
import { idIn, memberIndex, pairIndex } from './index-keys.js'
import { encodeScalar, isCut, joinParts, under } from './keys.js'
import { type Bounds, boundsOf, type Equality, equalitiesOf, isExact, rangeOfIds, rangeOfValues } from './narrowing.js'
import type { KeyRange } from './store.js'

type Direction = 'ascending' | 'descending'

/** So few documents are faster read and sorted by whoever asked. */
const fewDocuments = 200
const maxPairOrders = 16
/** To count takes as long as there is to count, and a query may have thousands of equalities. */
const maxCompared = 8
/** Of documents that are the same in all that the index has of them. */
const longestRun = 10_000

/** A collection as queries see it, now. To be used until the next write only. */
export class IndexedCollection implements CollectionView {
  readonly #documents: CollectionDocuments
  readonly #oldest: string | undefined

  constructor(documents: CollectionDocuments) {
    this.#documents = documents
    this.#oldest = documents.oldest
  }

  get(id: string): Document | undefined {
    const text = this.#documents.text(id)
    return text === undefined ? undefined : (parseJson(text) as Document)
  }

  scan(narrowing?: Narrowing): Iterable<Document> {
    return this.#alive(this.#all(narrowing))
  }

  *#all(narrowing?: Narrowing): Generator<Document> {
    const id = equalitiesOf(narrowing).find(({ member }) => member === '_id')
    const equality = this.#rarest(equalitiesOf(narrowing))
    const bounds = boundsOf(narrowing)
    const other = bounds.find(({ member }) => member !== '_id')
    if (id) {
      const document = typeof id.value === 'string' ? this.get(id.value) : undefined
      if (document) yield document
    } else if (equality) yield* this.#byIndex(under(this.#place(equality)), this.#member(equality.member).length)
    else if (bounds.some(({ member }) => member === '_id')) yield* this.#byId(boundsOf(narrowing, '_id'))
    else if (other) yield* this.#byIndex(rangeOfValues(this.#member(other.member), other), this.#member(other.member).length)
    else yield* this.#byId([])
  }

  scanInOrder(member: string, direction: Direction, narrowing?: Narrowing): Iterable<Document> | undefined {
    const documents = this.#inOrder(member, direction, narrowing)
    return documents && this.#alive(documents)
  }

  #alive(documents: Iterable<Document>): Iterable<Document> {
    return this.#oldest === undefined ? documents : onlyAlive(documents, this.#oldest)
  }

  #inOrder(member: string, direction: Direction, narrowing?: Narrowing): Iterable<Document> | undefined {
    const equalities = equalitiesOf(narrowing).filter(equality => equality.member !== member)
    if (equalities.some(equality => equality.member === '_id')) return undefined
    const equality = this.#rarest(equalities)
    if (equality && isCut(equality.value)) return undefined
    if (member === '_id') return this.#inOrderOfId(direction, equality, narrowing)
    if (!equality) return this.#inOrderOf(this.#member(member), member, direction, narrowing)
    if (!this.#isOrdered(equality, member)) return undefined
    const pair = pairIndex(this.#documents.number, { first: equality.member, second: member })
    return this.#inOrderOf(joinParts(pair, encodeScalar(equality.value)), member, direction, narrowing)
  }

  count(narrowing: Narrowing): number | undefined {
    const equalities = equalitiesOf(narrowing)
    const bounds = boundsOf(narrowing)
    const [equality] = equalities
    const [range] = bounds
    if (!equality && !range) return this.#documents.count()
    if (this.#documents.hasExpired) return undefined
    if ([...equalities, ...bounds].some(({ member }) => member === '_id') || equalities.length > 1 || bounds.length > 1)
      return undefined
    if (equality && range) return this.#countPair(equality, range)
    if (equality) return isCut(equality.value) ? undefined : this.#documents.index.count(under(this.#place(equality)))
    if (!range || !isExact(range)) return undefined
    return this.#documents.index.count(rangeOfValues(this.#member(range.member), range))
  }

  #countPair(equality: Equality, range: Bounds): number | undefined {
    if (equality.member === range.member || isCut(equality.value) || !isExact(range) || !this.#isOrdered(equality, range.member))
      return undefined
    const pair = pairIndex(this.#documents.number, { first: equality.member, second: range.member })
    return this.#documents.index.count(rangeOfValues(joinParts(pair, encodeScalar(equality.value)), range))
  }

  #inOrderOfId(direction: Direction, equality: Equality | undefined, narrowing: Narrowing | undefined): Iterable<Document> {
    const bounds = boundsOf(narrowing, '_id')
    if (!equality) return this.#byId(bounds, direction)
    return this.#byIndex(rangeOfIds(this.#place(equality), bounds), this.#member(equality.member).length, direction)
  }

  #inOrderOf(beginning: Uint8Array, member: string, direction: Direction, narrowing?: Narrowing): Iterable<Document> {
    const own = equalitiesOf(narrowing).find(equality => equality.member === member)
    const [bounds] = boundsOf(narrowing, member)
    const place = (value: Scalar) => under(joinParts(beginning, encodeScalar(value)))
    const range = own ? place(own.value) : bounds ? rangeOfValues(beginning, bounds) : under(beginning)
    return this.#sorted(range, beginning.length, member, direction)
  }

  /** Strings that are cut in the index come in runs with equal beginnings; each run is sorted by the whole values. */
  *#sorted(range: KeyRange, valueStart: number, member: string, direction: Direction): Generator<Document> {
    let run: { readonly beginning: Uint8Array; readonly documents: Document[] } | undefined
    for (const { key } of this.#documents.index.scan(range, direction)) {
      const { id, isCut: isPartOfRun, value } = idIn(key, valueStart)
      if (run && !(isPartOfRun && Buffer.compare(run.beginning, value) === 0)) {
        yield* sortedBy(run.documents, member, direction)
        run = undefined
      }
      if (!isPartOfRun) yield this.#documents.document(id)
      else {
        run ??= { beginning: value, documents: [] }
        run.documents.push(this.#documents.document(id))
        if (run.documents.length > longestRun) throw new RangeError('too many long strings begin alike')
      }
    }
    if (run) yield* sortedBy(run.documents, member, direction)
  }

  *#byIndex(range: KeyRange, valueStart: number, direction?: Direction): Generator<Document> {
    for (const { key } of this.#documents.index.scan(range, direction)) yield this.#documents.document(idIn(key, valueStart).id)
  }

  #byId(bounds: Parameters<typeof rangeOfIds>[1], direction?: Direction): Iterable<Document> {
    return this.#documents.scan(rangeOfIds(Buffer.alloc(0), bounds), direction)
  }

  /**
   * An order for each pair of members that queries ask for is made, unless there is little to sort. Each such query makes some more of it; once
   * it is complete, writes keep it up.
   */
  #isOrdered({ member: first, value }: Equality, second: string): boolean {
    const { pairOrders } = this.#documents
    const order = { first, second }
    if (pairOrders.isComplete(order)) return true
    const isBegun = pairOrders.nextOf(order) !== undefined
    if (!isBegun && (pairOrders.all.length >= maxPairOrders || !this.#isMoreThan(fewDocuments, { member: first, value })))
      return false
    return this.#documents.buildPairOrder(order)
  }

  #isMoreThan(limit: number, equality: Equality): boolean {
    let count = 0
    for (const _ of this.#documents.index.scan(under(this.#place(equality)))) {
      count += 1
      if (count > limit) return true
    }
    return false
  }

  #rarest(equalities: readonly Equality[]): Equality | undefined {
    if (equalities.length < 2) return equalities[0]
    const counted = equalities
      .filter(({ member }) => member !== '_id')
      .slice(0, maxCompared)
      .map(equality => ({ equality, count: this.#documents.index.count(under(this.#place(equality))) }))
    return counted.sort((one, other) => one.count - other.count)[0]?.equality
  }

  #member(member: string): Uint8Array {
    return memberIndex(this.#documents.number, member)
  }

  #place({ member, value }: Equality): Uint8Array {
    return joinParts(this.#member(member), encodeScalar(value))
  }
}

function* onlyAlive(documents: Iterable<Document>, oldest: string): Generator<Document> {
  for (const document of documents) if (isAlive(document, oldest)) yield document
}

function sortedBy(documents: Document[], member: string, direction: Direction): Document[] {
  const sign = direction === 'ascending' ? 1 : -1
  const text = (document: Document) => String(document[member])
  return documents.sort((one, other) => (text(one) < text(other) ? -sign : text(one) > text(other) ? sign : 0))
}
