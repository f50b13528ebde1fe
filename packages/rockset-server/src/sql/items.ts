import type { DocumentObject, Value } from '../documents.js'
import type { SelectItem } from './ast.js'
import { setMember } from './compare.js'
import type { Environment, Evaluate } from './environment.js'
import { QueryError } from './errors.js'
import { compileExpression } from './evaluate.js'
import type { Row } from './scope.js'

export interface Projection {
  /** Undefined with a `*`. */
  readonly columns: readonly string[] | undefined
  project(row: Row): DocumentObject
}

type Column =
  | { readonly kind: 'named'; readonly name: string; readonly evaluate: Evaluate }
  | { readonly kind: 'star'; readonly slot: number | undefined; readonly except: ReadonlySet<string> }

/** @param isNested whether the rows go on into the same statement, where they could be put into other values. */
export function compileItems(items: readonly SelectItem[], environment: Environment, isNested: boolean): Projection {
  const names = new Set<string>()
  const columns = items.map((item, index) => compileItem(item, index + 1, names, environment))
  const hasStar = columns.some(column => column.kind === 'star')
  const { budget } = environment.context
  return {
    columns: hasStar ? undefined : [...names],
    project(row) {
      const whole = onlyCell(columns, row)
      if (whole !== undefined) return whole
      const object: Record<string, Value> = {}
      for (const column of columns) addColumn(object, column, row)
      return isNested ? budget.weigh(object, Object.values(object)) : object
    },
  }
}

/** `SELECT *` of one table gives its objects as they are. */
function onlyCell(columns: readonly Column[], row: Row): DocumentObject | undefined {
  const [column] = columns
  const isWhole = columns.length === 1 && column?.kind === 'star' && column.except.size === 0
  return isWhole ? row.cells[column.slot ?? (row.cells.length === 1 ? 0 : -1)] : undefined
}

/** A missing value is left out of the row. Of tables with members of one name, `*` takes the first. */
function addColumn(object: Record<string, Value>, column: Column, row: Row): void {
  if (column.kind === 'named') {
    const value = column.evaluate(row)
    if (value !== undefined) setMember(object, column.name, value)
    return
  }
  for (const [slot, cell] of row.cells.entries()) {
    if (column.slot !== undefined && column.slot !== slot) continue
    for (const [name, value] of Object.entries(cell)) {
      if (!column.except.has(name) && !Object.hasOwn(object, name)) setMember(object, name, value)
    }
  }
}

function compileItem(item: SelectItem, position: number, names: Set<string>, environment: Environment): Column {
  if (item.kind === 'item') {
    const name = nameOf(item, position, names)
    names.add(name)
    return { kind: 'named', name, evaluate: compileExpression(item.expression, environment) }
  }
  const { scope, grouping } = environment
  if (grouping !== undefined) throw new QueryError('invalid_query', '`*` cannot stand with GROUP BY or aggregates.', item)
  if (scope.aliases.length === 0) throw new QueryError('invalid_query', '`*` needs FROM.', item)
  const except = new Set(item.except)
  if (item.table === null) return { kind: 'star', slot: undefined, except }
  const slot = scope.aliases.indexOf(item.table)
  if (slot < 0) throw new QueryError('invalid_query', `Table \`${item.table}\` not found.`, item)
  return { kind: 'star', slot, except }
}

/** An alias, or the last name of a path; otherwise `?count` and the like, or `?` and the column's number. */
function nameOf(
  { expression, alias }: Extract<SelectItem, { kind: 'item' }>,
  position: number,
  names: ReadonlySet<string>,
): string {
  if (alias !== null) return alias
  if (expression.kind === 'column') return expression.name
  const last = expression.kind === 'path' ? expression.steps.at(-1) : undefined
  if (last?.kind === 'member') return last.name
  const name = expression.kind === 'call' ? `?${expression.name.toLowerCase()}` : `?${position}`
  return names.has(name) ? `${name}_${position}` : name
}
