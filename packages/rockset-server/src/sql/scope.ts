import type { DocumentObject } from '../documents.js'
import type { Position } from './ast.js'
import { memberOf, type Result } from './compare.js'
import { QueryError } from './errors.js'

/** What an expression is evaluated on: an object of every table of FROM, or the values of a group. */
export interface Row {
  readonly cells: readonly DocumentObject[]
  /** Keys and then aggregates, where the query groups. */
  readonly group: readonly Result[]
  /** The row of the query around this one. */
  readonly outer: Row | undefined
}

export const NO_ROW: Row = { cells: [], group: [], outer: undefined }

/** Where a name leads: to a whole row, or to a member of whichever table has it. */
export type Reference =
  | { readonly kind: 'row'; readonly level: number; readonly slot: number }
  | { readonly kind: 'member'; readonly level: number; readonly name: string; readonly aliasSlot: number }

/** The tables that the names of one query can mean, and the query around it. */
export class Scope {
  readonly outer: Scope | undefined
  readonly aliases: string[]
  readonly #isGrouped: boolean
  readonly #correlation: { isUsed: boolean }

  constructor(outer: Scope | undefined, grouped?: Scope) {
    this.outer = outer
    this.aliases = grouped?.aliases ?? []
    this.#correlation = grouped === undefined ? { isUsed: false } : grouped.#correlation
    this.#isGrouped = grouped !== undefined
  }

  /** For sub-queries of a query that groups: there, rows of the tables are gone. */
  grouped(): Scope {
    return new Scope(this.outer, this)
  }

  /** Whether a name led out of this query, so that it has to run again for every row around it. */
  get isCorrelated(): boolean {
    return this.#correlation.isUsed
  }

  markCorrelated(): void {
    this.#correlation.isUsed = true
  }

  add(alias: string, position: Position): void {
    if (this.aliases.includes(alias)) throw new QueryError('invalid_query', `Table \`${alias}\` is named twice.`, position)
    this.aliases.push(alias)
  }

  /**
   * A qualifier is an alias first; a name alone is a member of the tables of the innermost query that has tables, and only if none of them has
   * it, the row of that alias.
   */
  resolve(name: string, isQualifier: boolean, position: Position): Reference {
    const path: Scope[] = []
    if (isQualifier) {
      for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.outer) {
        const slot = scope.aliases.indexOf(name)
        if (slot >= 0) {
          scope.#enter(path, name, position)
          return { kind: 'row', level: path.length, slot }
        }
        path.push(scope)
      }
      path.length = 0
    }
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.outer) {
      if (scope.aliases.length > 0) {
        scope.#enter(path, name, position)
        return { kind: 'member', level: path.length, name, aliasSlot: scope.aliases.indexOf(name) }
      }
      path.push(scope)
    }
    throw new QueryError('invalid_query', `Column \`${name}\` not found.`, position)
  }

  #enter(path: readonly Scope[], name: string, position: Position): void {
    for (const scope of path) scope.markCorrelated()
    if (this.#isGrouped) throw notGrouped(name, position)
  }
}

export function notGrouped(name: string, position: Position): QueryError {
  return new QueryError('invalid_query', `\`${name}\` must be in GROUP BY or within an aggregate.`, position)
}

export function referenced(reference: Reference, row: Row): Result {
  let from: Row | undefined = row
  for (let level = reference.level; level > 0; level -= 1) from = from?.outer
  const cells = from?.cells ?? []
  if (reference.kind === 'row') return cells[reference.slot]
  for (const cell of cells) {
    const value = memberOf(cell, reference.name)
    if (value !== undefined) return value
  }
  return cells[reference.aliasSlot]
}
