import type { DocumentObject, Scalar, Value } from '../documents.js'

/** What an expression gives: a value, or undefined for a member that is missing. */
export type Result = Value | undefined

/** The order of types; null and what is missing come after every value. */
export function typeRank(value: Result): number {
  if (value === null || value === undefined) return 5
  switch (typeof value) {
    case 'boolean':
      return 0
    case 'number':
    case 'bigint':
      return 1
    case 'string':
      return 2
    default:
      return Array.isArray(value) ? 3 : 4
  }
}

export function isObject(value: Result): value is DocumentObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isArray(value: Result): value is readonly Value[] {
  return Array.isArray(value)
}

export function isScalar(value: Result): value is Scalar {
  return value !== undefined && value !== null && typeof value !== 'object'
}

export function isNumber(value: Result): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** Of one type, as `<` has it: numbers and bigints exactly, strings by UTF-16 unit. The index of a collection is to order them alike. */
export function compareScalars(left: Scalar, right: Scalar): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** The order of ORDER BY, and of what MIN and MAX choose from. Objects are all alike. */
export function compareInOrder(left: Result, right: Result): number {
  const rank = typeRank(left)
  if (rank !== typeRank(right)) return rank - typeRank(right)
  if (isScalar(left) && isScalar(right)) return compareScalars(left, right)
  if (!isArray(left) || !isArray(right)) return 0
  for (const [index, element] of left.entries()) {
    if (index >= right.length) break
    const order = compareInOrder(element, right[index])
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** Whether a comparison holds for such an order; null if there is none: other types, null, a missing member, objects other than for equality. */
export function compareByOperator(operator: '=' | '<>' | '<' | '<=' | '>' | '>=', left: Result, right: Result): boolean | null {
  if (left === null || left === undefined || right === null || right === undefined) return null
  if (typeRank(left) !== typeRank(right)) return null
  if (operator === '=') return isEqual(left, right)
  if (operator === '<>') return !isEqual(left, right)
  if (isObject(left)) return null
  const order = compareInOrder(left, right)
  if (operator === '<') return order < 0
  if (operator === '<=') return order <= 0
  if (operator === '>') return order > 0
  return order >= 0
}

/** The same type and the same value, all the way down; here null is equal to null. */
export function isEqual(left: Value, right: Value): boolean {
  if (left === right) return true
  if (typeRank(left) !== typeRank(right)) return false
  if (isScalar(left) && isScalar(right)) return compareScalars(left, right) === 0
  if (isArray(left) && isArray(right)) {
    return left.length === right.length && left.every((element, index) => isEqual(element, right[index] ?? null))
  }
  if (!isObject(left) || !isObject(right)) return false
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  return names.every(name => Object.hasOwn(right, name) && isEqual(left[name] ?? null, right[name] ?? null))
}

/** Equal texts for equal values, for groups and DISTINCT. Null and what is missing stay apart. */
export function keyOfValue(value: Result): string {
  if (value === undefined) return 'u'
  if (typeof value === 'number') return Number.isInteger(value) ? `n${BigInt(value)}` : `n${value}`
  if (typeof value === 'bigint') return `n${value}`
  if (isArray(value)) return `[${value.map(keyOfValue).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map(name => `${JSON.stringify(name)}:${keyOfValue(value[name])}`).join(',')}}`
}

/** An own member and nothing inherited, whatever its name. */
export function memberOf(value: Result, name: string): Result {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** Plain assignment of `__proto__` would set the prototype. */
export function setMember(object: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  else object[name] = value
}
