import { expect, test } from 'vitest'
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
  for (const text of ['', '{', '[1234567890123456789', '<html>1234567890123456789</html>'])
    expect(() => parseExact(text)).toThrow(SyntaxError)
})

test('a toJSON that an app gave to bigints is not asked', () => {
  Object.defineProperty(BigInt.prototype, 'toJSON', { value: () => 'rounded', configurable: true })
  try {
    expect(stringifyExact({ n: 2n ** 60n })).toBe('{"n":1152921504606846976}')
  } finally {
    Reflect.deleteProperty(BigInt.prototype, 'toJSON')
  }
})
