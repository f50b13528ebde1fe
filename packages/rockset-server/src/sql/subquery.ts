import type { Query } from './ast.js'
import type { Result } from './compare.js'
import type { CompiledQuery, Environment, Evaluate } from './environment.js'
import { QueryError } from './errors.js'
import type { Row, Scope } from './scope.js'

/** A query of one column, within an expression, and that column. */
export function compileColumnQuery(
  query: Query,
  environment: Environment,
): { readonly compiled: CompiledQuery; readonly column: string } {
  const compiled = environment.context.compileQuery(query, scopeAround(environment))
  const [column, ...others] = compiled.columns ?? []
  if (column === undefined || others.length > 0) {
    throw new QueryError('invalid_query', 'A query within an expression selects one column.', query)
  }
  return { compiled, column }
}

/** Null without a row, and an error with more than one. */
export function compileScalarQuery(query: Query, environment: Environment): Evaluate {
  const { compiled, column } = compileColumnQuery(query, environment)
  return onceUnlessCorrelated(compiled, row => {
    let result: Result = null
    let count = 0
    for (const found of compiled.rows(row)) {
      count += 1
      if (count > 1) throw new QueryError('evaluation_error', 'A query within an expression gave more than one row.', query)
      result = Object.hasOwn(found, column) ? found[column] : undefined
    }
    return result
  })
}

/** What does not depend on the row around it is computed once, and only when it is needed. */
export function onceUnlessCorrelated<Outcome>(compiled: CompiledQuery, run: (row: Row) => Outcome): (row: Row) => Outcome {
  if (compiled.isCorrelated) return run
  let first: { readonly outcome: Outcome } | undefined
  return row => {
    first ??= { outcome: run(row) }
    return first.outcome
  }
}

function scopeAround({ scope, grouping }: Environment): Scope {
  return grouping === undefined ? scope : scope.grouped()
}
