import { normalized } from './arithmetic.js'
import type { Position } from './ast.js'
import { isArray, isNumber, isObject, type Result } from './compare.js'
import { QueryError } from './errors.js'

export type Cast = (value: Result) => Result

/** Text of an integer or a number as a parameter or a cast takes it; undefined if it is none. */
export function integerFromText(text: string): number | bigint | undefined {
  return text.length <= 400 && /^\s*[+-]?[0-9]+\s*$/.test(text) ? exact(BigInt(text.trim().replace(/^\+/, ''))) : undefined
}

export function numberFromText(text: string): number | bigint | undefined {
  if (text.length > 400) return undefined
  const integer = integerFromText(text)
  if (integer !== undefined) return integer
  if (!/^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?\s*$/i.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

export function booleanFromText(text: string): boolean | undefined {
  const word = text.trim().toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : undefined
}

/** Never floating point, other than {@link normalized}: what a client sends and a document holds is to stay as it is. */
function exact(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

const toInteger: Cast = value => {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return normalized(BigInt(Math.trunc(value)))
  if (typeof value === 'boolean') return value ? 1 : 0
  return typeof value === 'string' ? integerFromText(value) : undefined
}

const toFloat: Cast = value => {
  if (isNumber(value)) return Number(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  const parsed = typeof value === 'string' ? numberFromText(value) : undefined
  return parsed === undefined ? undefined : Number(parsed)
}

const toBoolean: Cast = value => {
  if (typeof value === 'boolean') return value
  if (isNumber(value)) return Number(value) !== 0
  return typeof value === 'string' ? booleanFromText(value) : undefined
}

const toText: Cast = value => (typeof value === 'object' ? undefined : String(value))

const casts = new Map<string, Cast>([
  ['int', toInteger],
  ['integer', toInteger],
  ['bigint', toInteger],
  ['float', toFloat],
  ['double', toFloat],
  ['bool', toBoolean],
  ['boolean', toBoolean],
  ['string', toText],
  ['varchar', toText],
  ['array', value => (isArray(value) ? value : undefined)],
  ['object', value => (isObject(value) ? value : undefined)],
  ['map', value => (isObject(value) ? value : undefined)],
])

/** Null and undefined stay what they are; whatever else does not fit is an error. */
export function castTo(type: string, position: Position): Cast {
  const cast = casts.get(type.toLowerCase())
  if (cast === undefined) throw new QueryError('not_implemented', `The type ${type} is not implemented.`, position)
  return value => {
    if (value === null || value === undefined) return value
    const result = cast(value)
    if (result !== undefined && (typeof result !== 'number' || Number.isFinite(result))) return result
    throw new QueryError('evaluation_error', `A value cannot be cast to ${type.toLowerCase()}.`, position)
  }
}
