import { EXACT_CLASSES } from './codec-fixes.js'
import type { Walk } from './codec-write.js'
import { argumentError } from './errors.js'
import type { Fix } from './message.js'
import { type Fields, setOwn } from './message-form.js'

/** Plain by any realm's `Object`, or without a prototype. */
export function isPlainObject(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
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

/**
 * A copy of `data` that JSON can say (it writes `NaN` as `null`), at most `maxDepth` levels deep, and how to get back the rest.
 * @throws TypeError, made by `argumentError`, for a cycle, too much depth or a LangChain message; and what a getter or `toJSON` throws
 */
export function exactJson(data: Fields, maxDepth: number, { path, losses }: Walk): { json: Fields; fixes: Fix[] } {
  const fixes: Fix[] = []
  const around = new Set<object>()

  const fix = (kind: string, ...argument: [string?]) => fixes.push([[...path], kind, ...argument])
  const lose = (what: string) => {
    const place = path.join('.')
    losses.push({ code: 'LOSSY_VALUE', message: `${place}: ${what}`, path: place })
  }

  /** Undefined if nothing can stand for the value. `unwrapped`: it is what a `toJSON` or `valueOf` gave. */
  function jsonOf(value: unknown, unwrapped = false): unknown {
    if (isPlainMember(value, 0)) return value
    switch (typeof value) {
      case 'number':
        fix('num', value === 0 ? '-0' : String(value))
        return value
      case 'bigint':
        fix('bigint')
        return String(value)
      case 'undefined':
        fix('undef')
        return null
      case 'object':
        return ofObject(value as object, unwrapped)
      default:
        lose(`${typeof value} dropped`)
        return undefined
    }
  }

  function ofObject(value: object, unwrapped: boolean): unknown {
    if (around.has(value)) throw argumentError('a cycle')
    around.add(value)
    const json =
      Array.isArray(value) || (isPlainObject(value) && typeof value.toJSON !== 'function')
        ? membersOf(value)
        : ofClass(value, unwrapped)
    around.delete(value)
    return json
  }

  /** Told apart by what they are, not by their class, which may be another realm's. */
  function ofClass(value: object, unwrapped: boolean): unknown {
    const name = Object.prototype.toString.call(value).slice(8, -1)
    const view = ArrayBuffer.isView(value)
    const exact = EXACT_CLASSES.get(view ? 'Uint8Array' : name)
    if (exact !== undefined) {
      if (name === 'RegExp') fix(exact.kind, (value as RegExp).flags)
      else fix(Buffer.isBuffer(value) ? 'buf' : exact.kind)
      if (view && name !== 'Uint8Array') lose(`${name} stored as bytes`)
      if (name === 'Error' && ('cause' in value || Object.keys(value).length > 0)) lose('fields of Error dropped')
      return jsonOf(exact.write(value as never))
    }
    if ('_getType' in value) throw argumentError('a LangChain message; use toStoredMessage')
    lose('class instance flattened')
    // As JSON.stringify would, which asks `toJSON` once, and a boxed primitive as its `valueOf()`.
    const { toJSON } = value as Fields
    const plain = unwrapped ? value : typeof toJSON === 'function' ? toJSON.call(value, String(path.at(-1))) : value.valueOf()
    return plain === value ? membersOf(value) : jsonOf(plain, true)
  }

  function membersOf(value: object): Fields {
    if (!(path.length <= maxDepth)) throw argumentError(`nested deeper than ${maxDepth} levels`)
    const list = Array.isArray(value)
    const copy = list ? new Array(value.length).fill(null) : {}
    for (const key of list ? value.keys() : Object.keys(value)) {
      path.push(key)
      if (Object.hasOwn(value, key)) {
        const json = jsonOf((value as Fields)[key])
        if (json !== undefined) setOwn(copy, key, json)
      } else fix('del')
      path.pop()
    }
    return copy as Fields
  }

  return { json: membersOf(data), fixes }
}
