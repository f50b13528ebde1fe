import type { DocumentObject, DocumentSource, Value } from '../documents.js'
import type { AggregateName } from './aggregates.js'
import type { FunctionCall, Query } from './ast.js'
import type { Budget } from './budget.js'
import type { Result } from './compare.js'
import type { Row, Scope } from './scope.js'

export type Evaluate = (row: Row) => Result

export interface CompiledQuery {
  /** Names of the columns; undefined if they depend on the rows. */
  readonly columns: readonly string[] | undefined
  readonly isCorrelated: boolean
  /** Lazily, given the row around it. */
  rows(outer: Row | undefined): Iterable<DocumentObject>
}

/** What is the same all over one statement. */
export interface Context {
  readonly parameters: ReadonlyMap<string, Value>
  readonly source: DocumentSource
  readonly budget: Budget
  compileQuery(query: Query, outer: Scope | undefined): CompiledQuery
}

export interface AggregateCall {
  readonly call: FunctionCall
  readonly name: AggregateName
  /** Undefined for `COUNT(*)`. */
  readonly argument: Evaluate | undefined
}

/** The columns of `Row.group`: keys first, then aggregates, in the order in which they were met. */
export interface Grouping {
  readonly keys: ReadonlyMap<string, number>
  /** Of those keys that are paths. */
  readonly keyLengths: ReadonlySet<number>
  readonly calls: AggregateCall[]
  readonly callSlots: Map<string, number>
}

/** Where an expression stands. */
export interface Environment {
  readonly context: Context
  readonly scope: Scope
  /** Behind GROUP BY or with aggregates; without it they are an error. */
  readonly grouping?: Grouping
}
