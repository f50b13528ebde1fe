import { argumentError, type FixPath } from '@hist/core'
import { type Fields, MOST_DEPTH, ORDINARY_DEPTH, setOwn } from '../message-form.js'

const NOT_PLAIN = new Error('not plain')

/** A copy of plain objects and lists. Throws where there is anything else to copy, or much depth: that is for a `DeepCopy`. */
export function plainCopy(value: object, levels = ORDINARY_DEPTH): object {
  if (levels === 0) throw NOT_PLAIN
  if (Array.isArray(value)) {
    const list: unknown[] = value.slice()
    for (let index = 0; index < list.length; index++) {
      const item = list[index]
      if (typeof item === 'object' && item !== null) list[index] = plainCopy(item, levels - 1)
    }
    return list
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw NOT_PLAIN
  const fields: Fields = {}
  for (const key in value) {
    const member = (value as Fields)[key]
    setOwn(fields, key, typeof member === 'object' && member !== null ? plainCopy(member, levels - 1) : member)
  }
  return fields
}

/**
 * One walk that copies plain objects, lists, Maps, Sets, dates and bytes. Functions and other class instances cannot be copied: both
 * sides have the same one.
 */
export class DeepCopy {
  /** Where the walk is, from `data`. */
  readonly path: FixPath = []
  /** The objects around the current one, and how long the path to each is. */
  readonly #around: { object: object; depth: number }[] = []
  #refusal: TypeError | undefined
  /** What stands for a class instance in the copy; undefined: nothing else does. */
  readonly #ofInstance: ((instance: object) => unknown) | undefined
  /** What becomes of a copied plain object. */
  readonly #ofPlain: ((copy: Fields) => unknown) | undefined

  constructor(hooks: {
    ofInstance?: ((instance: object) => unknown) | undefined
    ofPlain?: ((copy: Fields) => unknown) | undefined
  }) {
    this.#ofInstance = hooks.ofInstance
    this.#ofPlain = hooks.ofPlain
  }

  /** @throws TypeError, made by `argumentError`, whatever goes wrong */
  run<T>(walk: () => T): T {
    try {
      return walk()
    } catch {
      throw this.#refusal ?? argumentError(`${this.#place()}: cannot be read, a getter threw`)
    }
  }

  /** A copy of what stands under the key. */
  member(holder: object, key: string | number): unknown {
    this.path.push(key)
    const value = (holder as Fields)[key]
    const copy = typeof value === 'object' && value !== null ? this.object(value) : value
    this.path.pop()
    return copy
  }

  object(value: object): unknown {
    if (this.path.length > MOST_DEPTH) throw this.#tooDeep()
    this.#around.push({ object: value, depth: this.path.length })
    const copy = this.#copy(value)
    this.#around.pop()
    return copy
  }

  #copy(value: object): unknown {
    if (Array.isArray(value)) return this.#list(value)
    const prototype = Object.getPrototypeOf(value)
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return this.#instance(value)
    const copy: Fields = {}
    for (const key of Object.keys(value)) setOwn(copy, key, this.member(value, key))
    return this.#ofPlain === undefined ? copy : this.#ofPlain(copy)
  }

  #list(list: readonly unknown[]): unknown[] {
    const copy = list.slice()
    for (let index = 0; index < copy.length; index++) if (index in copy) copy[index] = this.member(list, index)
    return copy
  }

  #instance(value: object): unknown {
    const other = this.#ofInstance?.(value)
    if (other !== undefined) return other
    if (value instanceof Map) return new Map(this.#list([...value]) as [unknown, unknown][])
    if (value instanceof Set) return new Set(this.#list([...value]))
    if (value instanceof Date) return new Date(value)
    if (value instanceof URL) return new URL(value)
    if (value instanceof ArrayBuffer) return value.slice(0)
    if (!ArrayBuffer.isView(value)) return value
    return Buffer.isBuffer(value) ? Buffer.from(value) : structuredClone(value)
  }

  /** A cycle is found late, when the walk has gone round until it is too deep. */
  #tooDeep(): TypeError {
    const known = new Set<object>()
    const again = this.#around.find(({ object }) => known.size === known.add(object).size)
    const what = again === undefined ? `nested deeper than ${MOST_DEPTH} levels` : 'a cycle'
    this.#refusal = argumentError(`${this.#place(again?.depth)}: ${what}`)
    return this.#refusal
  }

  #place(steps = 20): string {
    return ['message', ...this.path.slice(0, Math.min(steps, 20))].join('.')
  }
}
