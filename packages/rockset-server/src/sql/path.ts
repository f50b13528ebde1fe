import type { Expression, Step } from './ast.js'
import type { Environment } from './environment.js'
import type { Reference, Scope } from './scope.js'

/** A name and what follows it; members that a whole row is asked for are part of the steps. */
export interface ColumnPath {
  readonly reference: Reference
  readonly steps: readonly Step[]
}

/** Undefined if the expression does not start with a name. */
export function columnPath(expression: Expression, scope: Scope): ColumnPath | undefined {
  const base = expression.kind === 'path' ? expression.base : expression
  if (base.kind !== 'column') return undefined
  const steps = expression.kind === 'path' ? expression.steps : []
  return { reference: scope.resolve(base.name, steps[0]?.kind === 'member', base), steps }
}

/** The top-level member of one table that an expression is, and nothing else; undefined if it is anything else, or may be. */
export function topLevelMember(expression: Expression, scope: Scope, slot = 0): string | undefined {
  const path = columnPath(expression, scope)
  if (path === undefined || path.reference.level > 0) return undefined
  const { reference, steps } = path
  // A name alone is a member of whichever table has it.
  if (reference.kind === 'member') {
    return steps.length === 0 && reference.aliasSlot < 0 && scope.aliases.length === 1 ? reference.name : undefined
  }
  const [step] = steps
  return reference.slot === slot && steps.length === 1 && step?.kind === 'member' ? step.name : undefined
}

/** How many steps lead from the row to what the path names: as many, however the column is qualified. */
export function lengthOf({ reference, steps }: ColumnPath): number {
  return steps.length + (reference.kind === 'member' ? 1 : 0)
}

/** Equal texts for expressions that mean the same column or computation, however the column is qualified. */
export function keyOfExpression(expression: Expression, { scope, context }: Environment): string {
  const key = keyOf(expression, value => {
    // A query has names of its own: there, the text decides.
    if (isKind(value, 'query')) return { query: keyOf(value, part => part) }
    return isNamed(value) ? resolved(value, scope) : value
  })
  context.budget.tick(key.length)
  return key
}

function keyOf(part: unknown, replace: (part: unknown) => unknown): string {
  return JSON.stringify(part, (name, value: unknown) => {
    if (name === 'line' || name === 'column') return undefined
    if (typeof value === 'bigint') return { integer: String(value) }
    return value === undefined ? { undefined: true } : replace(value)
  })
}

function isKind(value: unknown, kind: string): value is object {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind
}

function isNamed(value: unknown): value is Expression {
  return isKind(value, 'column') || (isKind(value, 'path') && 'base' in value && isKind(value.base, 'column'))
}

function resolved(expression: Expression, scope: Scope): unknown {
  const path = columnPath(expression, scope)
  if (path === undefined) return expression
  const { reference, steps } = path
  const isOnly = reference.level === 0 && scope.aliases.length === 1
  if (reference.kind === 'member') {
    return { level: reference.level, slot: isOnly ? 0 : null, steps: [{ kind: 'member', name: reference.name }, ...steps] }
  }
  return { level: reference.level, slot: reference.slot, steps }
}
