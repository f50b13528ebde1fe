import type { Result } from './compare.js'

/** AND of three values: one false decides; else what is not a boolean makes it null. */
export function allTrue(operands: Iterable<Result>): boolean | null {
  let result: boolean | null = true
  for (const operand of operands) {
    if (operand === false) return false
    if (operand !== true) result = null
  }
  return result
}

/** OR of three values: one true decides; else what is not a boolean makes it null. */
export function anyTrue(operands: Iterable<Result>): boolean | null {
  let result: boolean | null = false
  for (const operand of operands) {
    if (operand === true) return true
    if (operand !== false) result = null
  }
  return result
}

export function not(operand: Result): boolean | null {
  return typeof operand === 'boolean' ? !operand : null
}
