import type { CollectionView, Document, Narrowing, Scalar } from '../documents.js'
import { compareInOrder, isScalar, memberOf, type Result } from './compare.js'
import type { AggregateCall, Context } from './environment.js'
import { groupRow, Totals } from './groups.js'
import { topLevelMember } from './path.js'
import { tightened } from './plan.js'
import { narrowed } from './relations.js'
import { NO_ROW, type Row, type Scope } from './scope.js'

/** An aggregate that an index answers. */
type IndexedCall = { readonly kind: 'count' } | { readonly kind: 'least' | 'greatest'; readonly member: string }

/** Undefined unless an index answers every one of them. */
export function indexedCalls(calls: readonly AggregateCall[], scope: Scope): readonly IndexedCall[] | undefined {
  const indexed: IndexedCall[] = []
  for (const { call, name } of calls) {
    const [argument] = call.arguments
    const member = argument === undefined ? undefined : topLevelMember(argument, scope)
    if (call.isStar && !call.isDistinct) indexed.push({ kind: 'count' })
    else if ((name === 'MIN' || name === 'MAX') && member !== undefined)
      indexed.push({ kind: name === 'MIN' ? 'least' : 'greatest', member })
    else return undefined
  }
  return indexed
}

/** Everything that a query over one collection needs for its groups. */
export interface IndexedGroups {
  readonly view: CollectionView
  readonly narrowing: Narrowing
  /** Whether what fits the narrowing is what the WHERE is true for: else nothing can be counted by the index. */
  readonly isExact: boolean
  readonly calls: readonly AggregateCall[]
  readonly indexed: readonly IndexedCall[]
  readonly context: Context
  readonly outer: Row | undefined
  /** What a collection gives may be more than what it was asked for. */
  fits(row: Row): boolean
}

type Direction = 'ascending' | 'descending'
type Range = NonNullable<Narrowing['range']>[number]

/** The one group of a query without keys; undefined if the collection cannot tell without a scan. */
export function indexedTotals(groups: IndexedGroups): Row | undefined {
  const results = resultsOf(groups)
  return results === undefined ? undefined : groupRow(results, groups.outer)
}

/** Null where there is no scalar; undefined without an index. */
function resultsOf(groups: IndexedGroups): Result[] | undefined {
  if (!groups.isExact && groups.indexed.some(({ kind }) => kind === 'count')) return undefined
  const results: Result[] = []
  for (const call of groups.indexed) {
    const result =
      call.kind === 'count'
        ? groups.view.count(groups.narrowing)
        : firstInOrder(groups, call.member, call.kind === 'least' ? 'ascending' : 'descending')
    if (result === undefined) return undefined
    results.push(result)
  }
  return results
}

function firstInOrder(
  groups: IndexedGroups,
  member: string,
  direction: Direction,
  isWanted: (value: Scalar) => boolean = () => true,
): Scalar | null | undefined {
  const documents = groups.view.scanInOrder(member, direction, groups.narrowing)
  if (documents === undefined) return undefined
  for (const document of documents) {
    groups.context.budget.tick()
    const value = memberOf(document, member)
    if (isScalar(value) && isWanted(value) && groups.fits(rowOf(document, groups))) return value
  }
  return null
}

function rowOf(document: Document, { outer }: IndexedGroups): Row {
  return { ...NO_ROW, cells: [document], outer }
}

/**
 * Groups by one member in its order, lazily: whoever stops reads no more. From one value it goes to the next by the index, past all documents
 * between. Undefined if the collection has no such order, or if values of several types could fit.
 */
export function groupsInOrder(groups: IndexedGroups, member: string, direction: Direction): Iterable<Row> | undefined {
  const range = groups.narrowing.range?.find(part => part.member === member)
  if (range === undefined) return undefined
  if (groups.view.scanInOrder(member, direction, groups.narrowing) === undefined) return undefined
  return stepped(groups, range, direction)
}

function* stepped(groups: IndexedGroups, range: Range, direction: Direction): Iterable<Row> {
  const { member } = range
  const { equal = [], range: ranges = [] } = groups.narrowing
  const others = ranges.filter(part => part !== range)
  const sign = direction === 'ascending' ? 1 : -1
  let last: Scalar | undefined
  let rest = range
  for (;;) {
    const before = last
    const isBeyond = (value: Scalar) => before === undefined || compareInOrder(value, before) * sign > 0
    const beyond = { ...groups, narrowing: { equal, range: [...others, rest] } }
    const key = firstInOrder(beyond, member, direction, isBeyond)
    if (key === null || key === undefined) return
    // The key is within the member's range, which would only stand in the way of counting.
    const group: IndexedGroups = {
      ...groups,
      narrowing: { equal: [...equal, { member, value: key }], range: others },
      fits: row => compareInOrder(memberOf(row.cells[0], member), key) === 0 && groups.fits(row),
    }
    yield groupRow([key, ...(resultsOf(group) ?? scannedResults(group))], groups.outer)
    last = key
    rest = tightened(rest, direction === 'ascending' ? '>' : '<', key) ?? rest
  }
}

function scannedResults(groups: IndexedGroups): Result[] {
  const totals = new Totals(groups.calls, groups.context.budget)
  for (const document of narrowed(groups.view, groups.narrowing)) {
    groups.context.budget.tick()
    const row = rowOf(document, groups)
    if (groups.fits(row)) totals.add(row)
  }
  return totals.results()
}
