import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('requirements.lock pins everything, and the versions of requirements.txt', () => {
  const locked = pinsOf('requirements.lock')
  expect(locked.filter(line => !/^[a-z0-9-]+==[\w.]+(; python_version (<|>=) "3\.11")?$/.test(line))).toEqual([])
  expect(pinsOf('requirements.txt').filter(line => !locked.includes(line))).toEqual([])
})

function pinsOf(file: string): string[] {
  const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
  return text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
}
