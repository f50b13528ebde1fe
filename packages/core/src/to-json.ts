import { argumentError, isArgumentError } from './errors.js'
import { base64Of, EXACT_CLASSES } from './codec-fixes.js'
import type { Fix, FixPath } from './message.js'
import type { Fields } from './message-form.js'

/** Plain by any realm's `Object`, or without a prototype. */
export function isPlainObject(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))
}

/**
 * Whether `JSON.stringify` writes the value exactly, which is so in nearly every message: nothing but plain objects and arrays, text,
 * booleans, ordinary numbers and `null`, at most `levels` deep, and so without a cycle. Allocates nothing; when in doubt, false.
 */
export function isPlainJson(value: object, levels: number): boolean {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) if (!isPlainMember(value[index], levels)) return false
    return true
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const key in value) if (!isPlainMember((value as Fields)[key], levels)) return false
  return true
}

function isPlainMember(value: unknown, levels: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || (levels > 0 && isPlainJson(value, levels - 1))
    default:
      return false
  }
}

export interface ExactJson {
  json: Fields
  /** How to get back what JSON cannot say. */
  fixes: Fix[]
  /** What was dropped or flattened, and where. */
  losses: { path: string; what: string }[]
}

/**
 * The JSON that stands for `data`, at most `maxDepth` levels deep.
 * @throws TypeError, made by `argumentError`, for a cycle, too much depth, a LangChain message, or a getter or `toJSON` that throws
 */
export function exactJson(data: Fields, maxDepth: number): ExactJson {
  const fixes: Fix[] = []
  const losses: ExactJson['losses'] = []
  /** Where the objects are that `JSON.stringify` is in: it asks for an object's members right after the object. */
  const paths = new WeakMap<object, FixPath>()
  let path: FixPath = []

  const refusal = (why: string) => argumentError(`${['message.data', ...path].join('.').slice(0, 200)}: ${why}`)
  const fix = (kind: string, ...argument: [string?]) => fixes.push([path, kind, ...argument])
  const lose = (what: string) => losses.push({ path: path.join('.'), what })

  /** `value` is what `toJSON` made of the original, if it has one. Undefined if nothing can stand for it. */
  function standIn(original: unknown, value: unknown): unknown {
    switch (typeof original) {
      case 'number':
        if (isPlainMember(original, 0)) return original
        fix('num', original === 0 ? '-0' : String(original))
        return original === 0 ? 0 : null
      case 'bigint':
        fix('bigint')
        return String(original)
      case 'undefined':
        fix('undef')
        return null
      case 'function':
      case 'symbol':
        lose(`${typeof original} dropped`)
        return undefined
      default:
        return typeof original !== 'object' || original === null || Array.isArray(original) ? original : ofObject(original, value)
    }
  }

  /** Told apart by what they are, not by their class, which may be another realm's. */
  function ofObject(original: object, value: unknown): unknown {
    const name = Object.prototype.toString.call(original).slice(8, -1)
    const exact = EXACT_CLASSES.get(name)
    if (exact !== undefined) {
      if (Buffer.isBuffer(original)) fix('buf')
      else if (name === 'RegExp') fix(exact.kind, (original as RegExp).flags)
      else fix(exact.kind)
      if (name === 'Error' && ('cause' in original || Object.keys(original).length > 0)) lose('fields of an Error dropped')
      return exact.write(original as never, value)
    }
    if (ArrayBuffer.isView(original)) {
      fix('u8')
      lose(`${name} stored as bytes`)
      return base64Of(original)
    }
    if (value === original && isPlainObject(original)) return original
    if ('_getType' in original) throw refusal('a LangChain message; use toStoredMessage')
    lose('class instance flattened')
    // As JSON.stringify would, and a boxed primitive as its `valueOf()`.
    const plain: unknown = value === original ? original.valueOf() : value
    return plain === original ? original : standIn(plain, plain)
  }

  function replacer(this: Fields, key: string, value: unknown): unknown {
    const above = paths.get(this)
    path = above === undefined ? [] : [...above, Array.isArray(this) ? Number(key) : key]
    let json: unknown = data
    if (above !== undefined) {
      const hole = !Object.hasOwn(this, key)
      if (hole) fix('del')
      json = hole ? null : standIn(this[key], value)
    }
    if (typeof json === 'object' && json !== null) {
      if (path.length > maxDepth) throw refusal(`nested deeper than ${maxDepth} levels`)
      paths.set(json, path)
    }
    return json
  }

  try {
    return { json: JSON.parse(JSON.stringify(data, replacer)), fixes, losses }
  } catch (error) {
    if (isArgumentError(error)) throw error
    throw refusal(/circular/.test(String(error)) ? 'a cycle' : 'cannot be read, a getter or toJSON threw')
  }
}
