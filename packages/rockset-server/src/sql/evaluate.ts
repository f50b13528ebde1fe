import type { Value } from '../documents.js'
import { aggregateName, checkAggregate } from './aggregates.js'
import { calculate } from './arithmetic.js'
import type { Expression, FunctionCall, Step } from './ast.js'
import { castTo } from './cast.js'
import { isArray, memberOf, type Result, setMember } from './compare.js'
import type { Environment, Evaluate } from './environment.js'
import { QueryError } from './errors.js'
import { scalarFunction } from './functions.js'
import { allTrue, anyTrue, not } from './logic.js'
import { type ColumnPath, columnPath, keyOfExpression, lengthOf } from './path.js'
import { compilePredicate } from './predicates.js'
import { notGrouped, referenced } from './scope.js'
import { compileScalarQuery } from './subquery.js'

/** Makes a function of an expression. Names, functions and parameters are checked here, so that a wrong one shows also without rows. */
export function compileExpression(expression: Expression, environment: Environment): Evaluate {
  const slot = groupSlot(expression, environment)
  if (slot !== undefined) return row => row.group[slot]
  const { context } = environment
  const compile = (part: Expression) => compileExpression(part, environment)
  switch (expression.kind) {
    case 'literal':
      return () => expression.value
    case 'parameter':
      return compileParameter(expression.name, expression, environment)
    case 'column':
    case 'path':
      return compilePath(expression, environment)
    case 'array':
      return compileArray(expression.elements.map(compile), environment)
    case 'object':
      return compileObject(expression, environment)
    case 'call':
      return compileCall(expression, environment)
    case 'subquery':
      return compileScalarQuery(expression.query, environment)
    case 'and':
    case 'or': {
      const operands = expression.operands.map(compile)
      const combine = expression.kind === 'and' ? allTrue : anyTrue
      return row => combine(lazily(operands, row))
    }
    case 'not': {
      const operand = compile(expression.operand)
      return row => not(operand(row))
    }
    case 'sign': {
      const operand = compile(expression.operand)
      const factor = expression.isNegative ? -1 : 1
      return row => calculate('*', operand(row), factor, expression, context.budget)
    }
    case 'arithmetic': {
      const first = compile(expression.first)
      const rest = expression.rest.map(part => ({ ...part, evaluate: compile(part.operand) }))
      return row => {
        let result = first(row)
        for (const part of rest) result = calculate(part.operator, result, part.evaluate(row), part, context.budget)
        return result
      }
    }
    default:
      return compilePredicate(expression, environment, compile)
  }
}

function* lazily(operands: readonly Evaluate[], row: Parameters<Evaluate>[0]): Iterable<Result> {
  for (const operand of operands) yield operand(row)
}

/** A key of GROUP BY or an aggregate is not computed again but read from the group. */
function groupSlot(expression: Expression, environment: Environment): number | undefined {
  const { grouping } = environment
  if (grouping === undefined || grouping.keys.size === 0 || expression.kind === 'literal') return undefined
  return grouping.keys.get(keyOfExpression(expression, environment))
}

function compileParameter(name: string, expression: Expression, { context }: Environment): Evaluate {
  const value = context.parameters.get(name)
  if (value === undefined) throw new QueryError('missing_parameter', `Parameter \`${name}\` is not given.`, expression)
  return () => value
}

function compilePath(expression: Expression, environment: Environment): Evaluate {
  const path = columnPath(expression, environment.scope)
  const steps = (path?.steps ?? (expression.kind === 'path' ? expression.steps : [])).map(step => compileStep(step, environment))
  const base = expression.kind === 'path' ? expression.base : expression
  let start: Evaluate
  if (path === undefined) start = compileExpression(base, environment)
  else if (environment.grouping === undefined || path.reference.level > 0) start = row => referenced(path.reference, row)
  else return compileGroupedPath(expression, path, environment, steps)
  return row => followed(start(row), steps, row)
}

/** `GROUP BY m.data` allows `m.data.type`: the longest beginning that is a key. */
function compileGroupedPath(
  expression: Expression,
  path: ColumnPath,
  environment: Environment,
  steps: readonly CompiledStep[],
): Evaluate {
  const base = expression.kind === 'path' ? expression.base : expression
  if (expression.kind === 'path') {
    const beforeSteps = lengthOf(path) - steps.length
    for (let length = steps.length - 1; length >= 0; length -= 1) {
      // A name alone is never a qualifier.
      if (length > 0 && !environment.grouping?.keyLengths.has(beforeSteps + length)) continue
      const start = length === 0 ? base : { ...expression, steps: expression.steps.slice(0, length) }
      const slot = groupSlot(start, environment)
      if (slot !== undefined) return row => followed(row.group[slot], steps.slice(length), row)
    }
  }
  throw notGrouped(base.kind === 'column' ? base.name : '', expression)
}

type CompiledStep = (value: Result, row: Parameters<Evaluate>[0]) => Result

function followed(start: Result, steps: readonly CompiledStep[], row: Parameters<Evaluate>[0]): Result {
  let value = start
  for (const step of steps) value = step(value, row)
  return value
}

function compileStep(step: Step, environment: Environment): CompiledStep {
  if (step.kind === 'member') return value => memberOf(value, step.name)
  if (step.kind === 'cast') return castTo(step.type, step)
  const index = compileExpression(step.index, environment)
  return (value, row) => elementAt(value, index(row))
}

/** The first element of an array is 1. */
function elementAt(value: Result, index: Result): Result {
  if (typeof index === 'string') return memberOf(value, index)
  return isArray(value) && typeof index === 'number' && Number.isInteger(index) && index >= 1 ? value[index - 1] : undefined
}

/** An array cannot hold what is missing: it becomes null. */
function compileArray(elements: readonly Evaluate[], { context }: Environment): Evaluate {
  return row => {
    const values = elements.map(element => element(row) ?? null)
    return context.budget.weigh(values, values)
  }
}

function compileObject(expression: Extract<Expression, { kind: 'object' }>, environment: Environment): Evaluate {
  const entries = expression.entries.map(({ key, value }) => ({ key, evaluate: compileExpression(value, environment) }))
  return row => {
    const object: Record<string, Value> = {}
    for (const { key, evaluate } of entries) {
      const value = evaluate(row)
      if (value !== undefined) setMember(object, key, value)
    }
    return environment.context.budget.weigh(object, Object.values(object))
  }
}

function compileCall(call: FunctionCall, environment: Environment): Evaluate {
  const aggregate = aggregateName(call)
  if (aggregate !== undefined) return compileAggregate(call, aggregate, environment)
  const apply = scalarFunction(call)
  const values = call.arguments.map(argument => compileExpression(argument, environment))
  return row =>
    apply(
      values.map(value => value(row)),
      environment.context.budget,
    )
}

function compileAggregate(
  call: FunctionCall,
  name: NonNullable<ReturnType<typeof aggregateName>>,
  environment: Environment,
): Evaluate {
  const { context, scope, grouping } = environment
  if (grouping === undefined) throw new QueryError('invalid_query', `The aggregate \`${call.name}\` cannot stand here.`, call)
  checkAggregate(call, name)
  const key = keyOfExpression({ ...call, name }, environment)
  const known = grouping.callSlots.get(key)
  const slot = known ?? grouping.keys.size + grouping.calls.length
  if (known === undefined) {
    const [first] = call.arguments
    const argument = first === undefined ? undefined : compileExpression(first, { context, scope })
    grouping.callSlots.set(key, slot)
    grouping.calls.push({ call, name, argument })
  }
  return row => row.group[slot]
}
