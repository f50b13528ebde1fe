import { accumulator } from './aggregates.js'
import type { Budget } from './budget.js'
import { keyOfValue, type Result } from './compare.js'
import type { AggregateCall, Context, Evaluate } from './environment.js'
import { NO_ROW, type Row } from './scope.js'

/** Rows put together by the values of the keys; without keys, one group even of no rows. */
export function grouped(
  rows: Iterable<Row>,
  keys: readonly Evaluate[],
  calls: readonly AggregateCall[],
  context: Context,
  outer: Row | undefined,
): Row[] {
  const groups = new Map<string, { readonly values: readonly Result[]; readonly totals: Totals }>()
  if (keys.length === 0) groups.set('', { values: [], totals: new Totals(calls, context.budget) })
  for (const row of rows) {
    const values = keys.map(key => key(row))
    const text = values.map(keyOfValue).join()
    context.budget.tick(text.length)
    let group = groups.get(text)
    if (group === undefined) {
      group = { values, totals: new Totals(calls, context.budget) }
      groups.set(text, group)
      context.budget.checkRows(groups.size)
    }
    group.totals.add(row)
  }
  return Array.from(groups.values(), ({ values, totals }) => groupRow([...values, ...totals.results()], outer))
}

/** The aggregates of one group. */
export class Totals {
  readonly #parts

  constructor(calls: readonly AggregateCall[], budget: Budget) {
    this.#parts = calls.map(({ call, name, argument }) => ({ argument, accumulator: accumulator(call, name, budget) }))
  }

  add(row: Row): void {
    for (const { argument, accumulator } of this.#parts) accumulator.add(argument?.(row))
  }

  results(): Result[] {
    return this.#parts.map(part => part.accumulator.result())
  }
}

export function groupRow(group: readonly Result[], outer: Row | undefined): Row {
  return { ...NO_ROW, group, outer }
}
