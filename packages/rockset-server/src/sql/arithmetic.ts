import type { ArithmeticOperator, Position } from './ast.js'
import type { Budget } from './budget.js'
import { isArray, isNumber, type Result } from './compare.js'
import { QueryError } from './errors.js'

const INTEGERS = { from: -(2n ** 63n), to: 2n ** 63n - 1n }

/** Numbers where they are exact, bigints beyond; integers beyond 64 bits become floating point. */
export function normalized(value: bigint): number | bigint {
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
  return value >= INTEGERS.from && value <= INTEGERS.to ? value : Number(value)
}

function isInteger(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isInteger(value)
}

/** What does not fit the operator gives null, as comparisons do; `/` gives a fraction, also of integers: JSON does not tell 4 from 4.0. */
export function calculate(operator: ArithmeticOperator, left: Result, right: Result, position: Position, budget: Budget): Result {
  if (operator === '||') return concatenated(left, right, budget)
  if (!isNumber(left) || !isNumber(right)) return null
  const divides = operator === '/' || operator === '%'
  if (divides && Number(right) === 0) throw new QueryError('evaluation_error', 'Division by zero.', position)
  const areIntegers = isInteger(left) && isInteger(right)
  const result = calculateNumbers(operator, Number(left), Number(right))
  // Small numbers stay off bigints, whose arithmetic is exact but slow.
  if (areIntegers && !isSafe(left, right, result))
    return checked(calculateIntegers(operator, BigInt(left), BigInt(right)), position)
  return checked(result, position)
}

function isSafe(...values: (number | bigint)[]): boolean {
  return values.every(value => typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER)
}

function checked(value: number | bigint, position: Position): number | bigint {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new QueryError('evaluation_error', 'Number out of range.', position)
  return value === 0 ? 0 : value
}

function calculateNumbers(operator: Exclude<ArithmeticOperator, '||'>, left: number, right: number): number {
  if (operator === '+') return left + right
  if (operator === '-') return left - right
  if (operator === '*') return left * right
  return operator === '/' ? left / right : left % right
}

function calculateIntegers(operator: Exclude<ArithmeticOperator, '||'>, left: bigint, right: bigint): number | bigint {
  if (operator === '+') return normalized(left + right)
  if (operator === '-') return normalized(left - right)
  if (operator === '*') return normalized(left * right)
  if (operator === '%') return normalized(left % right)
  return left % right === 0n ? normalized(left / right) : Number(left) / Number(right)
}

function concatenated(left: Result, right: Result, budget: Budget): Result {
  if (typeof left === 'string' && typeof right === 'string') {
    budget.checkText(left.length + right.length)
    return left + right
  }
  if (!isArray(left) || !isArray(right)) return null
  budget.checkRows(left.length + right.length)
  budget.tick(left.length + right.length)
  const joined = [...left, ...right]
  return budget.weigh(joined, joined)
}
