import type { Value } from '../documents.js'
import { QueryError } from './errors.js'

export interface Limits {
  /** Rows of the answer, and rows, groups or elements that one step holds at a time. */
  readonly maxRows: number
  readonly maxMilliseconds: number
  /** Brackets within brackets in the text; above {@link MAXIMUM_NESTING} it has no effect. */
  readonly maxDepth: number
}

const MAXIMUM_TEXT_LENGTH = 16_777_216
const MAXIMUM_WEIGHT = 1_000_000

/** What one statement may use up. */
export class Budget {
  readonly #deadline: number
  readonly #limits: Limits
  #steps = 0
  readonly #weights = new WeakMap<object, number>()

  constructor(limits: Limits) {
    this.#limits = limits
    this.#deadline = performance.now() + limits.maxMilliseconds
  }

  /** To be called for every row, and within whatever takes long. */
  tick(): void {
    this.#steps += 1
    if (this.#steps % 8 === 0 && performance.now() > this.#deadline) {
      throw new QueryError('timeout', `The query took more than ${this.#limits.maxMilliseconds} ms.`)
    }
  }

  checkRows(count: number): void {
    if (count > this.#limits.maxRows)
      throw new QueryError('limit_exceeded', `The query has more than ${this.#limits.maxRows} rows.`)
  }

  checkText(length: number): void {
    if (length > MAXIMUM_TEXT_LENGTH) {
      throw new QueryError('limit_exceeded', `A string has at most ${MAXIMUM_TEXT_LENGTH} characters.`)
    }
  }

  /**
   * Notes a container that the statement makes out of values. `[x, x]` of `[y, y]` of … shares its parts, and costs nothing until somebody
   * compares or writes it: so what it would be without sharing is bounded here.
   */
  weigh<Container extends object>(container: Container, parts: Iterable<Value | undefined>): Container {
    let weight = 1
    for (const part of parts) weight += typeof part === 'object' && part !== null ? (this.#weights.get(part) ?? 1) : 1
    if (weight > MAXIMUM_WEIGHT) throw new QueryError('limit_exceeded', `A value has at most ${MAXIMUM_WEIGHT} parts.`)
    this.#weights.set(container, weight)
    return container
  }

  /** The same for a container of one value, of which there may be many. */
  carry<Container extends object>(container: Container, part: Value): Container {
    const weight = typeof part === 'object' && part !== null ? this.#weights.get(part) : undefined
    if (weight !== undefined) this.#weights.set(container, weight + 1)
    return container
  }
}
