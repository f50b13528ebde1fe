import { randomFrom } from '../../../core/test/numbers.js'
import type { Document, Value } from '../../src/documents.js'

/** A query with a shorter way. */
export interface Pushed {
  readonly text: string
  /** The same without the shorter way. @default text, for a collection without any index */
  readonly naive?: string
  /** That without its LIMIT. */
  readonly unlimited: string
  /** The column that the rows are ordered by; undefined if all of them are determined. */
  readonly order: string | undefined
}

/** Statements, and documents that they could be about. */
export class Generator {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = randomFrom(seed)
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  one<Choice>(...choices: readonly [Choice, ...Choice[]]): Choice {
    return choices[this.below(choices.length)] ?? choices[0]
  }

  maybe(text: () => string): string {
    return this.below(2) === 0 ? '' : text()
  }

  list(most: number, part: () => string): string {
    return Array.from({ length: 1 + this.below(most) }, part).join(', ')
  }

  column(): string {
    return this.one('m.a', 'a', 'm.b', 'b', 'm._id', '_id', 'm.o.x', 'o', 'm."__proto__"', 'list[1]', 'constructor', 'm')
  }

  literal(): string {
    return this.one(
      '0',
      '1',
      '2',
      '-1',
      '1.5',
      '9007199254740993',
      '1.7329999991234568e18',
      `''`,
      `'a'`,
      `'b'`,
      'TRUE',
      'FALSE',
      'NULL',
      'UNDEFINED',
      ':p',
      ':q',
      '[1]',
      '{}',
    )
  }

  expression(depth: number): string {
    if (depth <= 0) return this.one(this.column(), this.literal())
    const next = () => this.expression(depth - 1)
    switch (this.below(15)) {
      case 0:
        return `(${next()} ${this.one('=', '<>', '!=', '<', '<=', '>', '>=')} ${next()})`
      case 1:
        return `(${next()} ${this.one('AND', 'OR')} ${next()})`
      case 2:
        return `(NOT ${next()})`
      case 3:
        return `(${next()} ${this.one('+', '-', '*', '/', '%', '||')} ${next()})`
      case 4:
        return `(${next()} IS ${this.maybe(() => 'NOT ')}${this.one('NULL', 'UNDEFINED')})`
      case 5:
        return `(${next()} ${this.maybe(() => 'NOT ')}IN (${this.list(3, next)}))`
      case 6:
        return `(${next()} BETWEEN ${next()} AND ${next()})`
      case 7:
        return `(${next()} LIKE ${this.one(`'a%'`, `'_'`, next())})`
      case 8:
        return `${this.one('LENGTH', 'LOWER', 'UPPER', 'TYPEOF', 'COALESCE', 'TYPEOF', 'COALESCE', 'NOPE', 'MAX')}(${next()})`
      case 9:
        return `(${next()})::${this.one('int', 'string', 'float', 'bool', 'date')}`
      case 10:
        return `[${this.list(3, next)}][${next()}]`
      case 11:
        return `{'a': ${next()}, '__proto__': ${next()}}`
      case 12:
        return `(${this.statement(depth - 2)})`
      default:
        return this.one(this.column(), this.literal())
    }
  }

  table(depth: number): string {
    return this.one(
      'c m',
      'c AS m',
      'commons.c m',
      `UNNEST(${this.expression(depth)} AS a WITH ORDINALITY AS b) m`,
      `(${this.statement(depth - 1)}) m`,
    )
  }

  statement(depth: number): string {
    const expression = () => this.expression(depth)
    const items = this.one(
      '*',
      'm.*',
      '* EXCEPT (a)',
      this.list(3, () => `${expression()}${this.maybe(() => ` AS ${this.one('x', 'a', '"q q"')}`)}`),
    )
    return [
      `SELECT ${this.maybe(() => 'DISTINCT ')}${items}`,
      depth < 0 ? '' : ` FROM ${this.table(depth - 1)}${this.below(6) === 0 ? ', UNNEST(m.list) u' : ''}`,
      this.maybe(() => ` WHERE ${expression()}`),
      this.below(8) === 0 ? ` GROUP BY ${this.list(2, () => this.column())}` : '',
      this.below(20) === 0 ? ` HAVING ${expression()}` : '',
      this.below(3) === 0
        ? ` ORDER BY ${this.list(2, () => `${expression()}${this.one('', ' ASC', ' DESC', ' NULLS LAST')}`)}`
        : '',
      this.below(3) === 0 ? ` LIMIT ${this.below(5)}${this.maybe(() => ' OFFSET 1')}` : '',
    ].join('')
  }

  mutated(text: string): string {
    let result = text
    for (let count = 1 + this.below(4); count > 0; count -= 1) {
      const from = this.below(result.length + 1)
      const to = Math.min(result.length, from + this.below(6))
      const piece = this.one(
        '',
        '(',
        ')',
        `'`,
        '"',
        '`',
        ':',
        '::',
        '--',
        '/*',
        '[',
        '{',
        ',',
        ' AND ',
        ' NOT ',
        ';',
        '\u0000',
        '\ud800',
        'é',
        '99',
        '.',
        '*',
        result,
      )
      result = result.slice(0, from) + piece.slice(0, 2000) + result.slice(to)
    }
    return result
  }

  value(): Value {
    return this.one<Value>(0, 1, 2, -1, 1.5, this.largeNumber(), '', 'a', 'b', '\u{1f600}', '\uffff', true, false, null, [1], {
      x: 1,
    })
  }

  /** The double is not the integer with its digits. */
  largeNumber(): Value {
    return this.one<Value>(2n ** 53n + 1n, 1.7329999991234568e18, 1732999999123456800n, -1e20)
  }

  document(id: number): Document {
    const members: Record<string, Value> = { _id: this.one('a', 'b', '') + id }
    if (this.below(5) > 0) members.a = this.value()
    if (this.below(5) > 0) members.b = this.value()
    if (this.below(3) > 0) members.o = { x: this.value() }
    if (this.below(3) > 0) members.list = Array.from({ length: 1 + this.below(4) }, () => this.value())
    if (this.below(4) === 0) Object.defineProperty(members, '__proto__', { value: this.value(), enumerable: true })
    return members
  }

  documents(): Document[] {
    return Array.from({ length: this.below(30) }, (_, index) => this.document(index))
  }

  /** Many with few values of `a`. */
  manyDocuments(): Document[] {
    return Array.from({ length: 700 }, (_, index) => ({
      ...this.document(index),
      a: this.one<Value>('a', 1, 1, 'a', this.value()),
      b: this.one<Value>(this.below(1000), `b${this.below(1000)}`, this.value()),
    }))
  }

  /** In the order of elements, of one document or of many. For its naive form the order is one that has to be sorted. */
  unnested(where: string, direction: string, limit: string): Pushed {
    const id = `'${this.one('a', 'b', '')}${this.below(5)}'`
    const nested = `UNNEST((SELECT m.list FROM c m WHERE m._id = ${id}) AS e WITH ORDINALITY AS i) u WHERE u.i > ${this.below(3)}`
    const joined = `c m, UNNEST(m.list AS e WITH ORDINALITY AS i) u${where}`
    const one = `${joined}${where === '' ? ' WHERE' : ' AND'} m._id = ${id}`
    const isDistinct = this.below(3) === 0
    const tables = isDistinct ? this.one(nested, one) : this.one(nested, joined, one)
    const text = isDistinct ? `SELECT DISTINCT u.e AS e FROM ${tables}` : `SELECT u.i AS k, u.e AS e FROM ${tables}`
    const naive = `${text} ORDER BY u.i + 0${direction}`
    const order = isDistinct ? undefined : 'k'
    return {
      text: `${text} ORDER BY ${this.one('u.i', order ?? 'u.i')}${direction}${limit}`,
      naive: naive + limit,
      unlimited: naive,
      order,
    }
  }

  /** A query of the kind that push-down is for, with nothing in it that can fail. */
  pushed(): Pushed {
    const member = () => this.one('m.a', 'a', 'm.b', 'm._id', '_id', 'm.o.x', 'o.x', 'm.list[1]')
    const fixed = () =>
      this.one(
        '0',
        '1',
        '1.5',
        '9007199254740993',
        '1.7329999991234568e18',
        `''`,
        `'a'`,
        `'a1'`,
        `'\u{1f600}'`,
        'TRUE',
        'NULL',
        ':p',
        ':q',
        '[1]',
      )
    const operator = () => this.one('=', '=', '<', '<=', '>', '>=', '<>')
    const test = () =>
      this.one(
        `${member()} ${operator()} ${fixed()}`,
        `${fixed()} ${operator()} ${member()}`,
        `${member()} BETWEEN ${fixed()} AND ${fixed()}`,
        `m.o.x IS NOT NULL`,
      )
    const where = this.maybe(() => ` WHERE ${Array.from({ length: 1 + this.below(3) }, test).join(' AND ')}`)
    const direction = this.one('', ' DESC')
    const limit = ` LIMIT ${1 + this.below(5)}${this.maybe(() => ' OFFSET 1')}`
    const key = this.one('a', 'b', '_id')
    if (this.below(3) === 0) return this.unnested(where, direction, limit)
    if (this.below(2) === 0) {
      const text = `SELECT m.${key} AS k, m.* FROM c m${where} ORDER BY m.${key}${direction}`
      return limited(text, limit)
    }
    const aggregates = this.list(
      3,
      () => `${this.one('COUNT(*)', 'MIN(m.a)', 'MAX(m.b)', 'MAX(_id)', 'COUNT(a)')} AS n${this.below(1000)}`,
    )
    if (this.below(2) === 0) {
      const text = `SELECT ${aggregates} FROM c m${where}`
      return { text, unlimited: text, order: undefined }
    }
    const bounded = `${where === '' ? ' WHERE' : `${where} AND`} m.${key} ${this.one('>', '<', '>=')} ${fixed()}`
    const text = `SELECT m.${key} AS k, ${aggregates} FROM c m${bounded} GROUP BY m.${key} ORDER BY k${direction}`
    return limited(text, limit)
  }
}

function limited(text: string, limit: string): Pushed {
  return { text: text + limit, unlimited: text, order: 'k' }
}
