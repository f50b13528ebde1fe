import type { Value } from '../documents.js'
import { calculate } from './arithmetic.js'
import type { FunctionCall } from './ast.js'
import type { Budget } from './budget.js'
import { compareInOrder, isNumber, isScalar, keyOfValue, type Result } from './compare.js'
import { QueryError } from './errors.js'

export type AggregateName = 'COUNT' | 'SUM' | 'MIN' | 'MAX' | 'AVG' | 'ARRAY_AGG'

/** Takes the value of the argument in every row of a group. What it cannot use it leaves out. */
export interface Accumulator {
  add(value: Result): void
  result(): Value
}

const names: readonly string[] = ['COUNT', 'SUM', 'MIN', 'MAX', 'AVG', 'ARRAY_AGG'] satisfies AggregateName[]

function isAggregateName(name: string): name is AggregateName {
  return names.includes(name)
}

/** Undefined if the function is none. */
export function aggregateName(call: FunctionCall): AggregateName | undefined {
  const name = call.name.toUpperCase()
  return isAggregateName(name) ? name : undefined
}

export function checkAggregate(call: FunctionCall, name: AggregateName): void {
  const fits = call.isStar ? name === 'COUNT' : call.arguments.length === 1
  if (!fits) throw new QueryError('invalid_query', `Function \`${call.name}\` does not take these arguments.`, call)
}

export function accumulator(call: FunctionCall, name: AggregateName, budget: Budget): Accumulator {
  const plain = plainAccumulator(call, name, budget)
  return call.isDistinct ? distinct(plain, budget) : plain
}

function plainAccumulator(call: FunctionCall, name: AggregateName, budget: Budget): Accumulator {
  switch (name) {
    case 'COUNT':
      return count(call.isStar)
    case 'SUM':
      return sum(call, budget, total => total)
    case 'AVG':
      return sum(call, budget, (total, number) => Number(total) / number)
    case 'ARRAY_AGG':
      return list(budget)
    default:
      return extreme(name === 'MIN' ? -1 : 1)
  }
}

function distinct(inner: Accumulator, budget: Budget): Accumulator {
  const seen = new Set<string>()
  return {
    add(value) {
      const key = keyOfValue(value)
      budget.tick(key.length)
      if (seen.has(key)) return
      seen.add(key)
      budget.checkRows(seen.size)
      inner.add(value)
    },
    result: () => inner.result(),
  }
}

function count(isStar: boolean): Accumulator {
  let number = 0
  return {
    add(value) {
      if (isStar || (value !== null && value !== undefined)) number += 1
    },
    result: () => number,
  }
}

/** Of numbers; null without any. */
function sum(
  call: FunctionCall,
  budget: Budget,
  finish: (total: number | bigint, number: number) => number | bigint,
): Accumulator {
  let total: Result = 0
  let number = 0
  return {
    add(value) {
      if (!isNumber(value)) return
      total = calculate('+', total, value, call, budget)
      number += 1
    },
    result: () => (number > 0 && isNumber(total) ? finish(total, number) : null),
  }
}

/** Of scalars, in the order of types, which is what an index has; null without any. */
function extreme(sign: 1 | -1): Accumulator {
  let best: Value = null
  return {
    add(value) {
      if (isScalar(value) && (best === null || compareInOrder(value, best) * sign > 0)) best = value
    },
    result: () => best,
  }
}

/** Null elements stay; what is missing is no element. Null without any. */
function list(budget: Budget): Accumulator {
  const elements: Value[] = []
  return {
    add(value) {
      if (value === undefined) return
      elements.push(value)
      budget.checkRows(elements.length)
    },
    result: () => (elements.length > 0 ? budget.weigh(elements, elements) : null),
  }
}
