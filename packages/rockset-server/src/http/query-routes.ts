import { randomUUID } from 'node:crypto'
import type { Value } from '../documents.js'
import { RequestError } from '../errors.js'
import {
  collectionsOf,
  executeQuery,
  parametersOf as namesOfParameters,
  parse,
  type QueryOptions,
  type QueryParameter,
} from '../sql/index.js'
import type { Database } from '../storage/database.js'
import { QueryAnswer } from './query-answer.js'
import { notImplemented, objectOf, type Route, route } from './route.js'

/** A query runs alone: others wait as long as it does. */
const limits = { maxRows: 1_000_000, maxMilliseconds: 10_000, maxDepth: 100, maxHeapUse: 0.6 }

export function queryRoutes(database: Database): Route[] {
  return [
    route('POST', '/queries', ({ body }) => answer(database, objectOf(body))),
    route('POST', '/queries/validations', ({ body }) => {
      const statement = parse(sqlOf(objectOf(body)).query, limits.maxDepth)
      return { collections: collectionsOf(statement), parameters: namesOfParameters(statement) }
    }),
    notImplemented('GET', '/queries'),
    notImplemented('GET', '/queries/:query'),
    notImplemented('DELETE', '/queries/:query'),
    notImplemented('GET', '/queries/:query/pages'),
    notImplemented('GET', '/queries/:query/pages/:page'),
  ]
}

function answer(database: Database, body: ReturnType<typeof objectOf>) {
  if (body.async === true || (body.async_options ?? null) !== null)
    throw new RequestError('NOTIMPLEMENTEDYET', 'This server has no async queries.')
  const start = performance.now()
  const most = optionalCount(body, 'max_initial_results') ?? Number.POSITIVE_INFINITY
  const found = new QueryAnswer()
  const { columns, collections } = run(database, body, row => {
    if (found.rowCount >= most)
      throw new RequestError(
        'NOTIMPLEMENTEDYET',
        'There are more results than max_initial_results, and this server has no pages.',
      )
    found.add(row)
  })
  return found.finish({
    query_id: randomUUID(),
    status: 'COMPLETED',
    collections,
    // Python's client takes a list, or nothing; not null.
    ...(columns && { column_fields: columns.map(name => ({ name, type: '' })) }),
    results_total_doc_count: found.rowCount,
    // And only integers here.
    stats: { elapsed_time_ms: Math.round(performance.now() - start), throttled_time_micros: 0 },
    warnings: [],
  })
}

function run(database: Database, body: ReturnType<typeof objectOf>, take: QueryOptions['take']) {
  const sql = sqlOf(body)
  const defaultRowLimit = optionalCount(sql, 'default_row_limit')
  const maxMilliseconds = Math.min(optionalCount(body, 'timeout_ms') || limits.maxMilliseconds, limits.maxMilliseconds)
  return executeQuery(sql.query, {
    parameters: parametersOf(sql.parameters),
    source: database,
    ...(defaultRowLimit !== undefined && { defaultRowLimit }),
    limits: { ...limits, maxMilliseconds },
    take,
  })
}

function sqlOf(body: ReturnType<typeof objectOf>): ReturnType<typeof objectOf> & { readonly query: string } {
  const sql = objectOf(body.sql, 'sql')
  if (typeof sql.query !== 'string') throw new RequestError('INVALIDINPUT', 'sql.query must be a string.')
  return { ...sql, query: sql.query }
}

function parametersOf(parameters: Value | undefined): readonly QueryParameter[] {
  const list = parameters ?? []
  const isObject = (parameter: unknown) => typeof parameter === 'object' && parameter !== null && !Array.isArray(parameter)
  if (!Array.isArray(list) || !list.every(isObject))
    throw new RequestError('INVALIDINPUT', 'sql.parameters must be a list of objects.')
  return list
}

function optionalCount(body: ReturnType<typeof objectOf>, member: string): number | undefined {
  const value = body[member] ?? undefined
  if (value === undefined) return undefined
  if (!Number.isSafeInteger(value) || Number(value) < 0)
    throw new RequestError('INVALIDINPUT', `${member} must be a positive integer.`)
  return Number(value)
}
