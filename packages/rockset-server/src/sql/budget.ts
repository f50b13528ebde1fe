import { getHeapStatistics } from 'node:v8'
import type { Value } from '../documents.js'
import { QueryError } from './errors.js'

export interface Limits {
  /** Rows of the answer, and rows, groups or elements that one step holds at a time. */
  readonly maxRows: number
  readonly maxMilliseconds: number
  /** Brackets within brackets in the text; above {@link MAXIMUM_NESTING} it has no effect. */
  readonly maxDepth: number
  /** How full the engine's heap may become, whoever fills it: from 0 to 1. */
  readonly maxHeapUse: number
}

const MAXIMUM_TEXT_LENGTH = 16_777_216
const MAXIMUM_WEIGHT = 1_000_000
const UNITS_BETWEEN_LOOKS = 4
const MILLISECONDS_BETWEEN_HEAP_LOOKS = 5
const SIZE_OF_A_UNIT = 1_000

/** What one statement may use up. */
export class Budget {
  readonly #start = performance.now()
  readonly #limits: Limits
  #units = 0
  #heapLookAt = 0
  readonly #weights = new WeakMap<object, number>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** To be called for every row, and within whatever takes long. @param size Characters or elements that are gone through. */
  tick(size = SIZE_OF_A_UNIT): void {
    this.#units += size / SIZE_OF_A_UNIT
    if (this.#units < UNITS_BETWEEN_LOOKS) return
    this.#units = 0
    const now = performance.now()
    if (now - this.#start > this.#limits.maxMilliseconds) {
      throw new QueryError('timeout', `The query took more than ${this.#limits.maxMilliseconds} ms.`)
    }
    if (now >= this.#heapLookAt) {
      this.#heapLookAt = now + MILLISECONDS_BETWEEN_HEAP_LOOKS
      this.#checkHeap()
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

  /** Rows are held by what they are, not by what they take up: their number does not bound that. */
  #checkHeap(): void {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    if (used > limit * this.#limits.maxHeapUse) {
      throw new QueryError('limit_exceeded', 'The query needs more memory than the server has.')
    }
  }
}
