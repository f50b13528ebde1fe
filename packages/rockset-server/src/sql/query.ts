import type { DocumentObject } from '../documents.js'
import { aggregateName } from './aggregates.js'
import type { Expression, Query } from './ast.js'
import type { CompiledQuery, Context, Environment, Evaluate, Grouping } from './environment.js'
import { QueryError } from './errors.js'
import { compileExpression } from './evaluate.js'
import { compileInput } from './input.js'
import { compileItems } from './items.js'
import { aliased, type Candidate, compileOrder, distinct, sorted } from './order.js'
import { columnPath, keyOfExpression, lengthOf } from './path.js'
import { compileRelations } from './relations.js'
import { NO_ROW, type Row, Scope } from './scope.js'

/** Checks a query and makes it ready to run; nothing is read before somebody asks for its rows. */
export function compileQuery(query: Query, outer: Scope | undefined, context: Context, isNested: boolean): CompiledQuery {
  const { budget } = context
  const scope = new Scope(outer)
  const relations = compileRelations(query.from, scope, context)
  const ungrouped: Environment = { context, scope }
  const where = query.where === null ? undefined : compileExpression(query.where, ungrouped)
  const keys = query.groupBy.map(key => groupKey(key, query))
  const grouping = isGrouped(query) ? groupingOf(keys, ungrouped) : undefined
  const environment: Environment = grouping === undefined ? ungrouped : { ...ungrouped, grouping }
  const { columns, project } = compileItems(query.items, environment, isNested)
  const having = query.having === null ? undefined : compileExpression(query.having, environment)
  const order = compileOrder(query, environment)
  const limit = compileCount(query.limit, 'LIMIT', context)
  const offset = compileCount(query.offset, 'OFFSET', context)
  const input = compileInput({ query, relations, where, keys, grouping, order, environment: ungrouped })

  function* rows(around: Row | undefined): Iterable<DocumentObject> {
    const skipped = offset() ?? 0
    const wanted = limit() ?? Number.POSITIVE_INFINITY
    if (wanted === 0) return
    const { rows: found, isOrdered } = input(around)
    const kept = having === undefined ? found : filtered(found, having)
    const candidates = query.isDistinct ? distinct(kept, project, budget) : asCandidates(kept)
    const needsSort = order.length > 0 && !isOrdered
    let position = 0
    for (const { row, output } of needsSort ? sorted(candidates, order, skipped + wanted, budget) : candidates) {
      budget.tick()
      position += 1
      if (position <= skipped) continue
      yield output ?? project(row)
      if (position >= skipped + wanted) return
    }
  }

  return {
    columns,
    rows,
    get isCorrelated() {
      return scope.isCorrelated
    },
  }
}

function* filtered(rows: Iterable<Row>, condition: Evaluate): Iterable<Row> {
  for (const row of rows) if (condition(row) === true) yield row
}

function* asCandidates(rows: Iterable<Row>): Iterable<Candidate> {
  for (const row of rows) yield { row, output: undefined }
}

/** An alias of the answer may stand in GROUP BY, unless it is made of an aggregate. */
function groupKey(key: Expression, { items }: Query): Expression {
  const meant = aliased(key, items)
  return meant === undefined || hasAggregate(meant) ? key : meant
}

function groupingOf(keys: readonly Expression[], environment: Environment): Grouping {
  const slots = new Map<string, number>()
  const keyLengths = new Set<number>()
  for (const [index, key] of keys.entries()) {
    if (key.kind === 'literal') throw new QueryError('not_implemented', 'GROUP BY a literal is not implemented.', key)
    slots.set(keyOfExpression(key, environment), index)
    const path = columnPath(key, environment.scope)
    if (path !== undefined) keyLengths.add(lengthOf(path))
  }
  if (slots.size < keys.length) throw new QueryError('invalid_query', 'GROUP BY has a key twice.', keys[0])
  return { keys: slots, keyLengths, calls: [], callSlots: new Map() }
}

function isGrouped({ groupBy, having, items, orderBy }: Query): boolean {
  if (groupBy.length > 0 || having !== null) return true
  return [...items, ...orderBy].some(item => 'expression' in item && hasAggregate(item.expression))
}

/** Other than those of queries within. */
function hasAggregate(part: object): boolean {
  if (isCall(part) && aggregateName(part) !== undefined) return true
  if ('kind' in part && part.kind === 'query') return false
  return Object.values(part).some(value => typeof value === 'object' && value !== null && hasAggregate(value))
}

function isCall(part: object): part is Extract<Expression, { kind: 'call' }> {
  return 'kind' in part && part.kind === 'call'
}

/** A number of rows, of literals and parameters. */
function compileCount(expression: Expression | null, clause: string, context: Context): () => number | undefined {
  if (expression === null) return () => undefined
  const evaluate = compileExpression(expression, { context, scope: new Scope(undefined) })
  return () => {
    const count = evaluate(NO_ROW)
    if (typeof count === 'bigint' && count > 0n) return Number.MAX_SAFE_INTEGER
    if (typeof count === 'number' && Number.isInteger(count) && count >= 0) return count
    throw new QueryError('evaluation_error', `${clause} takes a number of rows.`, expression)
  }
}
