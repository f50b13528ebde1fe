import type { DocumentObject } from '../documents.js'
import type { Expression, OrderItem, Query, SelectItem } from './ast.js'
import type { Budget } from './budget.js'
import { compareInOrder, keyOfValue, type Result } from './compare.js'
import type { Environment, Evaluate } from './environment.js'
import { QueryError } from './errors.js'
import { compileExpression } from './evaluate.js'
import type { Row } from './scope.js'

/** A row on its way to the answer; its output is made early only for DISTINCT. */
export interface Candidate {
  readonly row: Row
  readonly output: DocumentObject | undefined
}

export interface OrderKey {
  readonly expression: Expression
  readonly evaluate: Evaluate
  readonly isDescending: boolean
  readonly nulls: 'first' | 'last'
}

export function compileOrder(query: Query, environment: Environment): readonly OrderKey[] {
  return query.orderBy.map(item => {
    const expression = orderExpression(item, query.items)
    const { isDescending } = item
    return {
      expression,
      evaluate: compileExpression(expression, environment),
      isDescending,
      nulls: item.nulls ?? (isDescending ? 'first' : 'last'),
    }
  })
}

/** The name or the number of a column of the answer stands for what it is computed from. */
function orderExpression(item: OrderItem, items: readonly SelectItem[]): Expression {
  const { expression } = item
  if (expression.kind === 'literal') {
    const named = typeof expression.value === 'number' ? items[expression.value - 1] : undefined
    if (named?.kind !== 'item') throw new QueryError('invalid_query', 'ORDER BY takes the number of a column.', item)
    return named.expression
  }
  return aliased(expression, items) ?? expression
}

/** What an alias of the answer stands for; undefined if the expression is no such alias. */
export function aliased(expression: Expression, items: readonly SelectItem[]): Expression | undefined {
  if (expression.kind !== 'column') return undefined
  const { name } = expression
  for (const item of items) if (item.kind === 'item' && item.alias === name) return item.expression
  return undefined
}

interface Keyed {
  readonly candidate: Candidate
  readonly keys: readonly Result[]
}

/** Of {@link Budget.tick}: about as long as going through so many characters. */
const sizeOfComparison = 30

/** Stable. With a limit it holds no more than a multiple of that. */
export function sorted(
  candidates: Iterable<Candidate>,
  order: readonly OrderKey[],
  limit: number,
  budget: Budget,
): Iterable<Candidate> {
  const capacity = limit * 2 + 1000
  let held: Keyed[] = []
  const compare = (left: Keyed, right: Keyed) => {
    budget.tick(sizeOfComparison)
    return compareKeys(left.keys, right.keys, order)
  }
  for (const candidate of candidates) {
    held.push({ candidate, keys: order.map(({ evaluate }) => evaluate(candidate.row)) })
    if (held.length > capacity) held = held.sort(compare).slice(0, limit)
    budget.checkRows(held.length)
  }
  return held.sort(compare).map(({ candidate }) => candidate)
}

function compareKeys(left: readonly Result[], right: readonly Result[], order: readonly OrderKey[]): number {
  for (const [index, { isDescending, nulls }] of order.entries()) {
    const a = left[index]
    const b = right[index]
    const isLeftNull = a === null || a === undefined
    const isRightNull = b === null || b === undefined
    if (isLeftNull !== isRightNull) return isLeftNull === (nulls === 'first') ? -1 : 1
    const result = isLeftNull ? 0 : compareInOrder(a, b)
    if (result !== 0) return isDescending ? -result : result
  }
  return 0
}

export function* distinct(rows: Iterable<Row>, project: (row: Row) => DocumentObject, budget: Budget): Iterable<Candidate> {
  const seen = new Set<string>()
  for (const row of rows) {
    const output = project(row)
    const key = keyOfValue(output)
    budget.tick(key.length)
    if (seen.has(key)) continue
    seen.add(key)
    budget.checkRows(seen.size)
    yield { row, output }
  }
}
