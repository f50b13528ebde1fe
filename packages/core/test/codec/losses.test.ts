import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import { decodeMessage, encodeMessage } from '../../src/codec.js'
import { exactly, human, warningsOf } from './values.js'

function lossy(value: unknown, expected: unknown, ...paths: string[]): void {
  const warnings = warningsOf(onWarning => {
    exactly(decodeMessage(encodeMessage(human({ value }), { onWarning })).data.additional_kwargs, expected)
  })
  assert.deepEqual(
    warnings.map(({ code, path, message }) => [code, path, message.startsWith(`${path}: `)]),
    paths.map(path => ['LOSSY_VALUE', path, true]),
  )
}
const AT = 'additional_kwargs.value'

describe('dropped, and reported with the path', () => {
  it('functions and symbols', () => {
    lossy(() => 1, {}, AT)
    lossy(Symbol('s'), {}, AT)
    lossy(class {}, {}, AT)
    lossy({ a: 1, f() {} }, { value: { a: 1 } }, `${AT}.f`)
    lossy([1, () => 1, Symbol.iterator], { value: [1, null, null] }, `${AT}.1`, `${AT}.2`)
    lossy(new Map([[() => 1, 2]]), { value: new Map([[null, 2]]) }, `${AT}.0.0`)
  })

  it('further fields of an Error', () => {
    lossy(Object.assign(new Error('no'), { code: 'E' }), { value: new Error('no') }, AT)
    lossy(new Error('no', { cause: 1 }), { value: new Error('no') }, AT)
  })
})

describe('stored as bytes, and reported', () => {
  it('typed arrays other than Uint8Array', () => {
    lossy(Float32Array.of(1, -2), { value: Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 192) }, AT)
    lossy([new DataView(Uint8Array.of(1, 2, 3).buffer, 1)], { value: [Uint8Array.of(2, 3)] }, `${AT}.0`)
    lossy(new BigInt64Array(), { value: new Uint8Array() }, AT)
  })
})

describe('flattened, and reported', () => {
  class Point {
    x = 1
    #hidden = 2
    at = new Date(0)
    get sum() {
      return this.x + this.#hidden
    }
  }
  class Money {
    constructor(readonly cents: number) {}
    toJSON() {
      return { cents: this.cents, big: 1n }
    }
  }

  it('class instances, to their own fields', () => {
    lossy(new Point(), { value: { x: 1, at: new Date(0) } }, AT)
    lossy([new Point()], { value: [{ x: 1, at: new Date(0) }] }, `${AT}.0`)
    lossy(new Headers({ a: 'b' }), { value: {} }, AT)
    lossy(Promise.resolve(1), { value: {} }, AT)
    lossy(new WeakMap(), { value: {} }, AT)
  })

  it('what has toJSON, to what that returns', () => {
    lossy(new Money(5), { value: { cents: 5, big: 1n } }, AT)
    lossy({ a: 1, toJSON: () => 'short' }, { value: 'short' }, AT)
    lossy({ toJSON: () => undefined }, { value: undefined }, AT)
    lossy({ toJSON: (key: string) => key }, { value: 'value' }, AT)
    const itself = { a: 1, toJSON: () => itself }
    lossy(itself, { value: { a: 1 } }, AT, `${AT}.toJSON`)
    class Copied {
      a = 1
      toJSON = () => ({ ...this })
    }
    lossy(new Copied(), { value: { a: 1 } }, AT, AT, `${AT}.toJSON`)
    lossy({ toJSON: () => new Date(0) }, { value: new Date(0) }, AT)
  })

  it('boxed primitives', () => {
    lossy(
      [Object('s'), Object(1), Object(false), Object(1n), Object(Number.NaN)],
      { value: ['s', 1, false, 1n, Number.NaN] },
      ...[0, 1, 2, 3, 4].map(index => `${AT}.${index}`),
    )
  })
})

describe('as in JSON, and not reported', () => {
  it('symbol keys, hidden keys, named properties of lists, prototype null', () => {
    lossy(Object.assign({ a: 1 }, { [Symbol('s')]: 2 }), { value: { a: 1 } })
    lossy(Object.defineProperty({ a: 1 }, 'hidden', { value: 2 }), { value: { a: 1 } })
    lossy(Object.assign([1], { named: 2 }), { value: [1] })
    lossy(Object.assign(Object.create(null), { a: 1 }), { value: { a: 1 } })
  })
})
