import type { CollectionView } from '../documents.js'
import type { Expression, Query } from './ast.js'
import type { Environment, Evaluate, Grouping } from './environment.js'
import { compileExpression } from './evaluate.js'
import { grouped } from './groups.js'
import { groupsInOrder, indexedCalls, indexedTotals } from './indexed-groups.js'
import type { OrderKey } from './order.js'
import { topLevelMember } from './path.js'
import { boundsFor, boundsOf, isAlwaysScalar, type RowBounds } from './plan.js'
import { type CompiledRelation, joined, narrowed } from './relations.js'
import { NO_ROW, type Row } from './scope.js'

export interface InputParts {
  readonly query: Query
  readonly relations: readonly CompiledRelation[]
  readonly where: Evaluate | undefined
  readonly keys: readonly Expression[]
  readonly grouping: Grouping | undefined
  readonly order: readonly OrderKey[]
  /** Of FROM and WHERE. */
  readonly environment: Environment
}

/** Rows, or groups, for which the WHERE is true. */
export interface Input {
  readonly rows: Iterable<Row>
  /** Whether they come in the order of ORDER BY. */
  readonly isOrdered: boolean
}

/** A shorter way than to look at all that fits; undefined where there is none. */
type Shortcut = (bounds: RowBounds, row: Row) => Input | undefined

const none: Shortcut = () => undefined

/** FROM, WHERE and GROUP BY, by the shortest way that the collection offers. */
export function compileInput(parts: InputParts): (outer: Row | undefined) => Input {
  const { query, relations, where, keys, grouping, environment } = parts
  const { context } = environment
  const [first] = relations
  const view = first?.view
  const bounds = view === undefined ? undefined : boundsOf(query.where, environment)
  const shortcut = shortcutOf(parts, matching)
  const ordinals = inOrderOfOrdinals(parts)
  const keyValues = keys.map(key => compileExpression(key, environment))

  function* matching(rows: Iterable<Row>): Iterable<Row> {
    for (const row of rows) if (where === undefined || where(row) === true) yield row
  }

  return outer => {
    const row: Row = { ...NO_ROW, outer }
    const found = bounds && boundsFor(bounds, row)
    if (bounds !== undefined && found === undefined) return inputOf([])
    const shorter = found && shortcut(found, row)
    if (shorter !== undefined) return shorter
    const isOrdered = ordinals !== undefined && (relations.length === 1 || (relations.length === 2 && isOneDocument(found)))
    const tables = isOrdered ? ordinals : relations
    const [start] = tables
    if (start === undefined) return inputOf([row])
    const objects = view !== undefined && found !== undefined ? narrowed(view, found.narrowing) : start.objects(row)
    return inputOf(joined(tables, objects, row, context), isOrdered)

    function inputOf(rows: Iterable<Row>, isOrdered = false): Input {
      const fitting = matching(rows)
      return { rows: grouping === undefined ? fitting : grouped(fitting, keyValues, grouping.calls, context, outer), isOrdered }
    }
  }
}

function shortcutOf(parts: InputParts, matching: (rows: Iterable<Row>) => Iterable<Row>): Shortcut {
  const [first, second] = parts.relations
  if (first?.view === undefined || second !== undefined) return none
  return parts.grouping === undefined ? inOrder(parts, first.view, matching) : byGroups(parts, first.view)
}

function isOneDocument(bounds: RowBounds | undefined): boolean {
  return bounds?.narrowing.equal?.some(({ member }) => member === '_id') ?? false
}

/**
 * The tables in the direction of an ORDER BY that is the ordinality of the last one, undefined if it is anything else. Given one row of the
 * tables before, their rows come in that order.
 */
function inOrderOfOrdinals({
  query,
  relations,
  grouping,
  order,
  environment,
}: InputParts): readonly CompiledRelation[] | undefined {
  const [only, ...others] = order
  const last = relations.at(-1)
  if (only === undefined || others.length > 0 || last?.ordinality === undefined || grouping !== undefined || query.isDistinct)
    return undefined
  if (topLevelMember(only.expression, environment.scope, relations.length - 1) !== last.ordinality) return undefined
  if (!only.isDescending) return relations
  return [...relations.slice(0, -1), { ...last, objects: last.reversed ?? last.objects }]
}

/** The member that is the whole ORDER BY. */
function orderMember({ order, environment }: InputParts): string | undefined {
  const [only] = order
  return only === undefined || order.length > 1 ? undefined : topLevelMember(only.expression, environment.scope)
}

function directionOf([only]: readonly OrderKey[]): 'ascending' | 'descending' {
  return only?.isDescending ? 'descending' : 'ascending'
}

/** ORDER BY one member with a LIMIT: the collection gives the order, and is read no further than needed. */
function inOrder(parts: InputParts, view: CollectionView, matching: (rows: Iterable<Row>) => Iterable<Row>): Shortcut {
  const { query, relations, order, environment } = parts
  const member = orderMember(parts)
  if (member === undefined || query.isDistinct || query.limit === null) return none
  return (bounds, row) => {
    const { narrowing } = bounds
    if (isOneDocument(bounds) || !isAlwaysScalar(view, member, narrowing)) return undefined
    const documents = view.scanInOrder(member, directionOf(order), narrowing)
    if (documents === undefined) return undefined
    return { rows: matching(joined(relations, documents, row, environment.context)), isOrdered: true }
  }
}

/** COUNT, MIN and MAX, or no aggregate: of all, or for every value of one member in order. */
function byGroups(parts: InputParts, view: CollectionView): Shortcut {
  const { keys, grouping, order, where, environment } = parts
  const { context, scope } = environment
  const calls = grouping?.calls ?? []
  const indexed = indexedCalls(calls, scope)
  if (indexed === undefined || keys.length > 1) return none
  const [key] = keys
  const member = key === undefined ? undefined : topLevelMember(key, scope)
  const fits = (row: Row) => where === undefined || where(row) === true
  return ({ narrowing, isExact }, { outer }) => {
    const groups = { view, narrowing, isExact, calls, indexed, context, outer, fits }
    if (key === undefined) {
      const total = indexedTotals(groups)
      return total === undefined ? undefined : { rows: [total], isOrdered: true }
    }
    if (member === undefined || (order.length > 0 && member !== orderMember(parts))) return undefined
    const rows = groupsInOrder(groups, member, directionOf(order))
    return rows === undefined ? undefined : { rows, isOrdered: true }
  }
}
