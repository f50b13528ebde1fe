import type { Expression } from './ast.js'
import { compareByOperator, type Result } from './compare.js'
import type { Environment, Evaluate } from './environment.js'
import { QueryError } from './errors.js'
import { isLike, type LikePattern, likePattern } from './like.js'
import { allTrue, not } from './logic.js'
import { compileColumnQuery, onceUnlessCorrelated } from './subquery.js'

type Predicate = Extract<Expression, { kind: 'comparison' | 'between' | 'in' | 'like' | 'is' }>

/** Tests of three values: true, false, and null where there is nothing to compare. */
export function compilePredicate(
  predicate: Predicate,
  environment: Environment,
  compile: (part: Expression) => Evaluate,
): Evaluate {
  if (predicate.kind === 'comparison') {
    const { operator } = predicate
    const left = compile(predicate.left)
    const right = compile(predicate.right)
    return row => compared(operator, left(row), right(row), environment)
  }
  const test = compileTest(predicate, environment, compile)
  return predicate.isNegated ? row => not(test(row)) : test
}

function compileTest(
  predicate: Exclude<Predicate, { kind: 'comparison' }>,
  environment: Environment,
  compile: (part: Expression) => Evaluate,
): Evaluate {
  const operand = compile(predicate.operand)
  switch (predicate.kind) {
    case 'is': {
      const wanted = predicate.what === 'null' ? null : undefined
      return row => operand(row) === wanted
    }
    case 'between': {
      const lower = compile(predicate.lower)
      const upper = compile(predicate.upper)
      return row => {
        const value = operand(row)
        return allTrue([compared('>=', value, lower(row), environment), compared('<=', value, upper(row), environment)])
      }
    }
    case 'in': {
      const candidates = compileCandidates(predicate.candidates, environment, compile)
      return row => isAmong(operand(row), candidates(row), environment)
    }
    default:
      return compileLike(predicate, operand, environment, compile)
  }
}

type Operator = Parameters<typeof compareByOperator>[0]

function compared(operator: Operator, left: Result, right: Result, { context }: Environment): boolean | null {
  if (typeof left === 'string') context.budget.tick(left.length)
  else if (typeof left === 'object' && left !== null) context.budget.tick()
  return compareByOperator(operator, left, right)
}

function isAmong(value: Result, candidates: Iterable<Result>, environment: Environment): boolean | null {
  let result: boolean | null = false
  for (const candidate of candidates) {
    const test = compared('=', value, candidate, environment)
    if (test === true) return true
    if (test === null) result = null
  }
  return result
}

function compileCandidates(
  candidates: Extract<Predicate, { kind: 'in' }>['candidates'],
  environment: Environment,
  compile: (part: Expression) => Evaluate,
): (row: Parameters<Evaluate>[0]) => readonly Result[] {
  if (!('kind' in candidates)) {
    const values = candidates.map(compile)
    return row => values.map(value => value(row))
  }
  const { budget } = environment.context
  const { compiled, column } = compileColumnQuery(candidates, environment)
  return onceUnlessCorrelated(compiled, row => {
    const values: Result[] = []
    for (const found of compiled.rows(row)) {
      values.push(Object.hasOwn(found, column) ? found[column] : undefined)
      budget.checkRows(values.length)
    }
    return values
  })
}

function compileLike(
  predicate: Extract<Predicate, { kind: 'like' }>,
  operand: Evaluate,
  { context }: Environment,
  compile: (part: Expression) => Evaluate,
): Evaluate {
  const pattern = compile(predicate.pattern)
  const escapeCharacter = predicate.escape === null ? undefined : compile(predicate.escape)
  let last: { readonly wanted: string; readonly character: string | undefined; readonly parsed: LikePattern } | undefined

  function parsed(wanted: string, character: Result): LikePattern {
    if (last?.wanted === wanted && last.character === character) return last.parsed
    if (character !== undefined && (typeof character !== 'string' || [...character].length !== 1)) {
      throw new QueryError('evaluation_error', 'ESCAPE takes one character.', predicate)
    }
    const pattern = likePattern(wanted, character)
    if (pattern === undefined) throw new QueryError('evaluation_error', 'The pattern of LIKE goes wrong at an escape.', predicate)
    last = { wanted, character, parsed: pattern }
    return pattern
  }

  return row => {
    const text = operand(row)
    const wanted = pattern(row)
    if (typeof text !== 'string' || typeof wanted !== 'string') return null
    return isLike(text, parsed(wanted, escapeCharacter?.(row)), context.budget)
  }
}
