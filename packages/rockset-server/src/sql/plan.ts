import type { CollectionView, Narrowing, Scalar } from '../documents.js'
import type { Comparison, Expression } from './ast.js'
import { compareScalars, isScalar, typeRank } from './compare.js'
import type { Environment, Evaluate } from './environment.js'
import { compileExpression } from './evaluate.js'
import { columnPath, topLevelMember } from './path.js'
import type { Row, Scope } from './scope.js'

interface Bound {
  readonly member: string
  readonly operator: Exclude<Comparison, '<>'>
  readonly value: Evaluate
}

/** What of a WHERE a collection can narrow by. */
export interface Bounds {
  readonly list: readonly Bound[]
  /** Whether the list says all that the WHERE says. */
  readonly isComplete: boolean
}

export interface RowBounds {
  readonly narrowing: Narrowing
  /** Whether what fits the narrowing is what the WHERE is true for. */
  readonly isExact: boolean
}

type Range = NonNullable<Narrowing['range']>[number]

const mirrored = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

/** From the parts of an AND that compare one member with what does not change from document to document. */
export function boundsOf(where: Expression | null, environment: Environment): Bounds {
  const list: Bound[] = []
  let isComplete = true
  for (const part of where === null ? [] : conjuncts(where)) {
    const found = boundsOfPart(part, environment)
    if (found === undefined) isComplete = false
    else list.push(...found)
  }
  return { list, isComplete }
}

function conjuncts(expression: Expression): readonly Expression[] {
  return expression.kind === 'and' ? expression.operands.flatMap(conjuncts) : [expression]
}

function boundsOfPart(part: Expression, environment: Environment): readonly Bound[] | undefined {
  if (part.kind === 'between' && !part.isNegated) {
    const lower = boundOf(part.operand, '>=', part.lower, environment)
    const upper = boundOf(part.operand, '<=', part.upper, environment)
    return lower === undefined || upper === undefined ? undefined : [lower, upper]
  }
  if (part.kind !== 'comparison' || part.operator === '<>') return undefined
  const bound =
    boundOf(part.left, part.operator, part.right, environment) ??
    boundOf(part.right, mirrored[part.operator], part.left, environment)
  return bound === undefined ? undefined : [bound]
}

function boundOf(side: Expression, operator: Bound['operator'], other: Expression, environment: Environment): Bound | undefined {
  if (!isFixed(other, environment.scope)) return undefined
  const member = topLevelMember(side, environment.scope)
  return member === undefined ? undefined : { member, operator, value: compileExpression(other, environment) }
}

function isFixed(expression: Expression, scope: Scope): boolean {
  if (expression.kind === 'literal' || expression.kind === 'parameter') return true
  const path = columnPath(expression, scope)
  return path !== undefined && path.reference.level > 0 && path.steps.every(({ kind }) => kind === 'member')
}

/** Undefined if no document can fit. */
export function boundsFor({ list, isComplete }: Bounds, row: Row): RowBounds | undefined {
  const equal: { readonly member: string; readonly value: Scalar }[] = []
  const ranges = new Map<string, Range>()
  let isExact = isComplete
  for (const { member, operator, value: evaluate } of list) {
    const value = evaluate(row)
    // A comparison with null is never true.
    if (value === null || value === undefined) return undefined
    if (!isScalar(value)) isExact = false
    else if (operator === '=') equal.push({ member, value })
    else {
      const range = tightened(ranges.get(member) ?? { member }, operator, value)
      if (range === undefined) return undefined
      ranges.set(member, range)
    }
  }
  return { narrowing: { equal, range: [...ranges.values()] }, isExact }
}

/** Undefined if the bounds are of different types: nothing is of both. */
export function tightened(range: Range, operator: '<' | '<=' | '>' | '>=', value: Scalar): Range | undefined {
  const known = range.above ?? range.below
  if (known !== undefined && typeRank(known.value) !== typeRank(value)) return undefined
  const side = operator.startsWith('>') ? 'above' : 'below'
  const bound = { value, isInclusive: operator.endsWith('=') }
  const present = range[side]
  if (present === undefined) return { ...range, [side]: bound }
  const order = compareScalars(value, present.value) * (side === 'above' ? 1 : -1)
  return order > 0 || (order === 0 && !bound.isInclusive) ? { ...range, [side]: bound } : range
}

/**
 * Whether the member is a scalar in every document that fits: an index knows no others, and ORDER BY has places for them. By what the WHERE
 * asks for, or else by counting.
 */
export function isAlwaysScalar(view: CollectionView, member: string, narrowing: Narrowing): boolean {
  const { equal = [], range = [] } = narrowing
  if (member === '_id' || [...equal, ...range].some(part => part.member === member)) return true
  const total = view.count(narrowing)
  if (total === undefined) return false
  let scalars = 0
  for (const value of [false, -Number.MAX_VALUE, '']) {
    scalars += view.count({ ...narrowing, range: [...range, { member, above: { value, isInclusive: true } }] }) ?? Number.NaN
  }
  return scalars === total
}
