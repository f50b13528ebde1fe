import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'vitest'
import { generatedSource } from '../../src/sql/generate.mjs'

it('the generated parser is that of the grammar', () => {
  const committed = readFileSync(new URL('../../src/sql/parser.generated.js', import.meta.url), 'utf8')
  assert.ok(committed === generatedSource(), 'Run: node src/sql/generate.mjs')
})
