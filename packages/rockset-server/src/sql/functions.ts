import type { FunctionCall } from './ast.js'
import type { Budget } from './budget.js'
import { isArray, isObject, type Result } from './compare.js'
import { QueryError } from './errors.js'

/** What does not fit a function gives null, as in comparisons. */
export type ScalarFunction = (values: readonly Result[], budget: Budget) => Result

interface Signature {
  readonly minimum: number
  readonly maximum: number
  readonly apply: ScalarFunction
}

/** Characters are code points. */
function length(value: Result, budget: Budget): Result {
  if (isArray(value)) return value.length
  if (isObject(value)) return Object.keys(value).length
  if (typeof value !== 'string') return null
  budget.checkText(value.length)
  budget.tick(value.length)
  let count = 0
  for (const _ of value) count += 1
  return count
}

function typeName(value: Result): string {
  if (value === undefined) return 'undefined'
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string' || typeof value === 'bigint') return typeof value === 'string' ? 'string' : 'int'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  return isArray(value) ? 'array' : 'object'
}

function onText(convert: (text: string) => string): ScalarFunction {
  return ([value], budget) => {
    if (typeof value !== 'string') return null
    budget.checkText(value.length)
    budget.tick(value.length)
    return convert(value)
  }
}

const functions = new Map<string, Signature>([
  ['LENGTH', { minimum: 1, maximum: 1, apply: ([value], budget) => length(value, budget) }],
  ['LOWER', { minimum: 1, maximum: 1, apply: onText(text => text.toLowerCase()) }],
  ['UPPER', { minimum: 1, maximum: 1, apply: onText(text => text.toUpperCase()) }],
  ['TYPEOF', { minimum: 1, maximum: 1, apply: ([value]) => typeName(value) }],
  [
    'COALESCE',
    {
      minimum: 1,
      maximum: Number.POSITIVE_INFINITY,
      apply: values => values.find(value => value !== null && value !== undefined) ?? null,
    },
  ],
])

export function scalarFunction(call: FunctionCall): ScalarFunction {
  const signature = functions.get(call.name.toUpperCase())
  if (signature === undefined) throw new QueryError('function_not_found', `Function \`${call.name}\` not found.`, call)
  const count = call.arguments.length
  if (call.isStar || call.isDistinct || count < signature.minimum || count > signature.maximum) {
    throw new QueryError('invalid_query', `Function \`${call.name}\` does not take these arguments.`, call)
  }
  return signature.apply
}
