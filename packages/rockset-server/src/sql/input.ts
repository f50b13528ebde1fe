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
  const view = relations.length === 1 ? first?.view : undefined
  const bounds = boundsOf(query.where, environment)
  const shortcut = view === undefined ? none : grouping === undefined ? inOrder(parts, view, matching) : byGroups(parts, view)
  const keyValues = keys.map(key => compileExpression(key, environment))

  function* matching(rows: Iterable<Row>): Iterable<Row> {
    for (const row of rows) if (where === undefined || where(row) === true) yield row
  }

  function inputOf(rows: Iterable<Row>, outer: Row | undefined): Input {
    const found = matching(rows)
    return { rows: grouping === undefined ? found : grouped(found, keyValues, grouping.calls, context, outer), isOrdered: false }
  }

  return outer => {
    const row: Row = { ...NO_ROW, outer }
    if (first === undefined) return inputOf([row], outer)
    if (view === undefined) return inputOf(joined(relations, first.objects(row), row, context), outer)
    const found = boundsFor(bounds, row)
    if (found === undefined) return inputOf([], outer)
    return shortcut(found, row) ?? inputOf(joined(relations, narrowed(view, found.narrowing), row, context), outer)
  }
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
  return ({ narrowing }, row) => {
    if (narrowing.equal?.some(part => part.member === '_id') || !isAlwaysScalar(view, member, narrowing)) return undefined
    const documents = view.scanInOrder(member, directionOf(order), narrowing)
    if (documents === undefined) return undefined
    return { rows: matching(joined(relations, documents, row, environment.context)), isOrdered: true }
  }
}

/** COUNT, MIN and MAX of what the WHERE narrows to exactly: of all of it, or for every value of one member in order. */
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
    if (!isExact) return undefined
    const groups = { view, narrowing, calls, indexed, context, outer, fits }
    if (key === undefined) {
      const total = indexedTotals(groups)
      return total === undefined ? undefined : { rows: [total], isOrdered: true }
    }
    if (member === undefined || (order.length > 0 && member !== orderMember(parts))) return undefined
    const rows = groupsInOrder(groups, member, directionOf(order))
    return rows === undefined ? undefined : { rows, isOrdered: true }
  }
}
