import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The names users see, fixed for a major version: names.json.
 * @type {Record<string, { values: string[], types?: string[] }>}
 */
const table = JSON.parse(readFileSync(join(import.meta.dirname, 'names.json'), 'utf8'))

/**
 * @param {string} specifier `@hist/core/langchain`
 * @returns {{ values: string[], types: string[] }}
 */
export function expectedNames(specifier) {
  const names = table[specifier]
  if (!names) throw new Error(`${specifier} is a public entry: name its exports in tools/package-checks/names.json`)
  return { types: [], ...names }
}
