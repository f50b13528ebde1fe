import { afterEach, expect, test, vi } from 'vitest'
import { ServerUnavailableError } from '../src/errors.js'
import { findJava, majorVersion } from '../src/java.js'

afterEach(() => vi.unstubAllEnvs())

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['openjdk version "21" 2023-09-19', 21],
  ['java version "1.8.0_402"', 8],
  ['something else', undefined],
])('%s', (text, version) => {
  expect(majorVersion(text)).toBe(version)
})

test('without Java the error says what is needed', () => {
  vi.stubEnv('JAVA_HOME', '/does/not/exist')
  expect(findJava).toThrow(ServerUnavailableError)
  expect(findJava).toThrow('needs Java 17 or newer, found none')
})
