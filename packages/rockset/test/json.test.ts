import { expect, onTestFinished, test, vi } from 'vitest'
import { parseExact, stringifyExact } from '../src/json.js'

test.each([
  '1152921504606846977',
  '-9007199254740993',
  '{"a":[1152921504606846977,"1152921504606846977",-0]}',
  '{"__proto__":{"n":12345678901234567890}}',
  '["12345678901234567890 \\" 12345678901234567890",1.5]',
])('%s stays as it is', text => {
  expect(stringifyExact(parseExact(text))).toBe(text)
})

test('integers beyond 2^53 are bigints, all other numbers are numbers', () => {
  const text = '[9007199254740991, 9007199254740992, 1.12345678901234567890, 1234567890123456e5, "9007199254740993"]'
  expect(parseExact(text)).toEqual([
    9007199254740991,
    9007199254740992n,
    1.1234567890123457,
    1.234567890123456e20,
    '9007199254740993',
  ])
})

test('what is no JSON is refused', () => {
  const inPlaceOfKey = ['{1234567890123456789:1}', '{"a":1,1234567890123456789\n:1}']
  const others = ['', '{', '[1234567890123456789', '[01234567890123456789]', '<html>1234567890123456789</html>']
  for (const text of [...inPlaceOfKey, ...others]) expect(() => parseExact(text)).toThrow(SyntaxError)
})

test.each(['\n', '"', '\\'])('a text of 5,000,000 times %j is exact, beside a long integer', character => {
  const value = { n: 2n ** 60n, text: character.repeat(5_000_000), after: -(2n ** 60n) }
  const json = stringifyExact(value)
  const parsed = parseExact(json) as typeof value
  expect({ ...parsed, text: parsed.text === value.text }).toEqual({ ...value, text: true })
  expect(stringifyExact(parsed) === json).toBe(true)
})

test('digits inside of strings cost no reviver', () => {
  const parse = vi.spyOn(JSON, 'parse')
  onTestFinished(() => parse.mockRestore())
  for (const text of ['{"a":"639000000000000000-0123456789abcdef","n":1}', '["n: 639000000000000000",9007199254740991]']) {
    parse.mockClear()
    parseExact(text)
    expect(parse.mock.calls).toEqual([[text]])
  }
})

test('a double beyond 2^53 does not become an integer', () => {
  const value = { float: 1.7329999991234568e18, least: -1e22, integer: 1733000000000000000n }
  const text = stringifyExact(value)
  expect(text).toBe('{"float":1.7329999991234568e+18,"least":-1e+22,"integer":1733000000000000000}')
  expect(parseExact(text)).toEqual(value)
})

test('a toJSON that an app gave to bigints is not asked', () => {
  Object.defineProperty(BigInt.prototype, 'toJSON', { value: () => 'rounded', configurable: true })
  try {
    expect(stringifyExact({ n: 2n ** 60n })).toBe('{"n":1152921504606846976}')
  } finally {
    Reflect.deleteProperty(BigInt.prototype, 'toJSON')
  }
})
