import type { CollectionView, Document, DocumentSource, Narrowing, Scalar } from '../../src/documents.js'
import { compareInOrder, compareScalars, isScalar, memberOf, typeRank } from '../../src/sql/compare.js'

/** What was asked of a collection, in order. */
export type Calls = string[]

type Bound = { readonly value: Scalar; readonly isInclusive: boolean } | undefined

function isWithin(value: unknown, bound: Bound, sign: 1 | -1): boolean {
  if (bound === undefined) return true
  if (!isScalar(value as Scalar) || typeRank(value as Scalar) !== typeRank(bound.value)) return false
  const order = compareScalars(value as Scalar, bound.value) * sign
  return order > 0 || (bound.isInclusive && order === 0)
}

export function fits(document: Document, { equal = [], range = [] }: Narrowing): boolean {
  const isEqualEverywhere = equal.every(({ member, value }) => {
    const own = memberOf(document, member)
    return isScalar(own) && typeRank(own) === typeRank(value) && compareScalars(own, value) === 0
  })
  return (
    isEqualEverywhere &&
    range.every(({ member, above, below }) => {
      const own = memberOf(document, member)
      return isScalar(own) && isWithin(own, above, 1) && isWithin(own, below, -1)
    })
  )
}

/** Narrows, orders and counts as an index would. */
class IndexedView implements CollectionView {
  readonly documents: readonly Document[]
  readonly calls: Calls

  constructor(documents: readonly Document[], calls: Calls) {
    this.documents = documents
    this.calls = calls
  }

  get(id: string): Document | undefined {
    this.calls.push('get')
    return this.documents.find(document => document._id === id)
  }

  *scan(narrowing: Narrowing = {}): Iterable<Document> {
    this.calls.push('scan')
    for (const document of this.documents) {
      this.calls.push('document')
      if (fits(document, narrowing)) yield document
    }
  }

  scanInOrder(member: string, direction: 'ascending' | 'descending', narrowing: Narrowing = {}): Iterable<Document> | undefined {
    const { calls } = this
    const sign = direction === 'ascending' ? 1 : -1
    const found = this.documents
      .filter(document => fits(document, narrowing) && isScalar(memberOf(document, member)))
      .sort((a, b) => compareInOrder(memberOf(a, member), memberOf(b, member)) * sign)
    return (function* () {
      calls.push('scanInOrder')
      for (const document of found) {
        calls.push('document')
        yield document
      }
    })()
  }

  count(narrowing: Narrowing): number | undefined {
    this.calls.push('count')
    return this.documents.filter(document => fits(document, narrowing)).length
  }
}

/** Knows only documents by id, and how to give everything. */
class NaiveView extends IndexedView {
  override *scan(): Iterable<Document> {
    yield* super.scan()
  }

  override scanInOrder(): undefined {
    return undefined
  }

  override count(): undefined {
    return undefined
  }
}

/** Gives more than was asked for, as it may. */
class WideView extends IndexedView {
  override *scan(): Iterable<Document> {
    yield* super.scan()
  }

  override scanInOrder(member: string, direction: 'ascending' | 'descending'): Iterable<Document> | undefined {
    return super.scanInOrder(member, direction)
  }
}

/** Has orders, but knows no numbers. */
class UncountedView extends WideView {
  override count(): undefined {
    return undefined
  }
}

const views = { indexed: IndexedView, naive: NaiveView, wide: WideView, uncounted: UncountedView }

export interface MemorySource extends DocumentSource {
  readonly calls: Calls
}

/** Collections by `workspace.name`. */
export function memorySource(
  collections: Readonly<Record<string, readonly Document[]>>,
  kind: keyof typeof views = 'indexed',
): MemorySource {
  const calls: Calls = []
  return {
    calls,
    collection(workspace, name) {
      const documents = collections[`${workspace}.${name}`]
      if (documents === undefined) return undefined
      return new views[kind](documents, calls)
    },
  }
}
