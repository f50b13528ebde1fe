import { describe, expect, test } from 'vitest'
import { JsonError, parseJson } from '../src/json/parse.js'
import { stringifyJson, stringifyUpTo } from '../src/json/stringify.js'
import { isDeeperThan } from '../src/json/text.js'

describe('numbers', () => {
  test('are exact when they are integers, whatever stands around them', () => {
    const text =
      '{"a":9007199254740993,"b":[-1152921504606846977,9007199254740991,1.5],"__proto__":{"c":12345678901234567890},' +
      '"text":"9007199254740993","\\"9007199254740993":"a\\\\","e":100000000000000000000,"z":-0}'
    const value = parseJson(text)
    expect(value).toMatchObject({ a: 9007199254740993n, b: [-1152921504606846977n, 9007199254740991, 1.5] })
    expect(Object.getOwnPropertyDescriptor(value, '__proto__')?.value).toEqual({ c: 12345678901234567890n })
    expect(stringifyJson(value)).toBe(text)
  })

  test('that are no integers are the nearest double', () => {
    expect(parseJson('[0.12345678901234567890, 1234567890123456789.5, 1e20, 1e-400, 5E+0100]')).toEqual([
      0.12345678901234568, 1234567890123456800, 1e20, 0, 5e100,
    ])
  })

  test('that are doubles stay so, whole ones beyond 2^53 too', () => {
    for (const text of ['1.7329999991234568e+18', '-1.2345678901234567e20', '9007199254740992.0', '1e20', '1e21', '1.7e308']) {
      const value = parseJson(`[${text}]`)
      expect(value).toEqual([Number(text)])
      expect(parseJson(stringifyJson(value))).toEqual(value)
    }
  })

  test('keep the sign of zero', () => {
    expect(stringifyJson(parseJson('[-0,-0.0,0,{"a":-0e5}]'))).toBe('[-0,-0,0,{"a":-0}]')
  })

  test('too large for anything are refused', () => {
    for (const text of ['1e999', '[-1e400]', `${'9'.repeat(400)}.5`]) {
      expect(() => parseJson(text), text.slice(0, 20)).toThrow(JsonError)
    }
    expect(() => parseJson('9'.repeat(1_001), 1_000)).toThrow(JsonError)
    expect(parseJson('9'.repeat(1_000), 1_000)).toBe(BigInt('9'.repeat(1_000)))
    expect(parseJson('9'.repeat(1_001))).toBe(BigInt('9'.repeat(1_001)))
  })
})

test('what is not JSON is refused, with its place where that can be told, and without repeating it', () => {
  const table: readonly [string, RegExp][] = [
    ['{"secret":NaN}', /position 10/],
    ['["secret", \'x\']', /position 11/],
    ['{"secret":1 "b":2}', /position 12/],
    ['{"secret":}', /not JSON\.|position 10/],
    ['["secret', /position|not JSON/],
    ['[9007199254740993, 0129007199254740993]', /not JSON|position/],
    ['{"secret":9007199254740993,9007199254740993:1}', /position 27/],
    ['{"secret":{9007199254740993:1},"secret":1}', /position 11/],
    ['[--9007199254740993]', /not JSON|position/],
    ['[9007199254740993', /not JSON|position/],
    ['', /not JSON|position/],
    [`${'['.repeat(200_000)}`, /deep|not JSON|position/],
  ]
  for (const [text, message] of table) {
    expect(() => parseJson(text), text).toThrow(JsonError)
    expect(() => parseJson(text), text).toThrow(message)
    expect(() => parseJson(text), text).not.toThrow(/secret/)
  }
})

test('depth is counted outside of strings', () => {
  expect(isDeeperThan('[{"[[[[":"]]\\"[["}]', 2)).toBe(false)
  expect(isDeeperThan('[{"a":[]}]', 2)).toBe(true)
  expect(isDeeperThan('[[],[],[]]', 2)).toBe(false)
})

test('what is surely too long is not written', () => {
  for (const text of [
    '[]',
    '{}',
    '""',
    '1',
    '[1,2]',
    '{"a":[{"b":"c"},null,true]}',
    '[[[]],{"x":{}}]',
    '[9007199254740993,-0]',
  ]) {
    expect(stringifyUpTo(text.length, parseJson(text))).toBe(text)
  }
  for (const text of ['"abc"', '["abc","d"]', '{"a":"xyz"}', '{"a":{"b":[]}}']) {
    expect(stringifyUpTo(text.length - 1, parseJson(text)), text).toBeUndefined()
  }
})
