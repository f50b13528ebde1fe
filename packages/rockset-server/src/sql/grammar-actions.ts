import type { Expression, Position } from './ast.js'
import { QueryError } from './errors.js'

/** What the grammar does with what it has read: its parser is given these. */
export interface GrammarActions {
  /** Called with what is SQL but not part of the subset. */
  refuse(what: string, position: Position): never
  /** Undefined if the number cannot be. */
  numberOf(digits: string): number | bigint | undefined
  signed(signs: readonly string[], operand: Expression, position: Position): Expression
  negated(count: number, operand: Expression, position: Position): Expression
  isReserved(word: string): boolean
  /** Whether the word goes on with the statement where an alias without AS could stand; elsewhere it is a name. */
  isContinuing(word: string): boolean
}

const reserved = new Set(
  (
    'ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_DATE CURRENT_DATETIME CURRENT_TIME CURRENT_TIMESTAMP ' +
    'DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING ' +
    'HINT IN INNER INSERT INTERSECT INTO IS JOIN LEFT LIKE LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE NOT NULL NULL_VALUE ON OR ORDER ' +
    'OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT STATIC_CAST TABLE THEN TRUE TRY_STATIC_CAST UESCAPE UNDEFINED UNION UNNEST USING ' +
    'WHEN WHERE WITH'
  ).split(' '),
)
const continuing = new Set('FILTER FORMAT LATERAL LIMIT OFFSET OPTION OVER TABLESAMPLE'.split(' '))

export const grammarActions: GrammarActions = {
  refuse(what, position) {
    throw new QueryError('not_implemented', `${what} is not implemented.`, position)
  },

  numberOf(digits) {
    if (digits.length > 400) return undefined
    const value = Number(digits)
    if (/^[0-9]+$/.test(digits)) return Number.isSafeInteger(value) ? value : BigInt(digits)
    return Number.isFinite(value) ? value : undefined
  },

  signed(signs, operand, position) {
    if (signs.length === 0) return operand
    const isNegative = signs.filter(sign => sign === '-').length % 2 === 1
    if (operand.kind === 'literal' && (typeof operand.value === 'number' || typeof operand.value === 'bigint')) {
      return { ...operand, value: isNegative && operand.value !== 0 ? -operand.value : operand.value, ...position }
    }
    return { kind: 'sign', isNegative, operand, ...position }
  },

  // An even number of NOTs is two of them, which is not the same as none: NOT NOT 5 is null.
  negated(count, operand, position) {
    if (count === 0) return operand
    const once: Expression = { kind: 'not', operand, ...position }
    return count % 2 === 1 ? once : { kind: 'not', operand: once, ...position }
  },

  isReserved: word => reserved.has(word.toUpperCase()),
  isContinuing: word => continuing.has(word.toUpperCase()),
}
