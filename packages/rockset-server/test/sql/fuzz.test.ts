import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import { QueryError } from '../../src/sql/index.js'
import { Generator } from './generator.js'
import { memorySource } from './memory-source.js'
import { assertSameAnswer, outcome } from './same-answer.js'

describe('fuzz', () => {
  it('statements of the grammar give rows or a QueryError, and never anything else', () => {
    const errors = new Map<string, number>()
    let answered = 0
    for (let seed = 0; seed < 2000; seed += 1) {
      const generator = new Generator(seed)
      const result = outcome(generator.statement(2), memorySource({ 'commons.c': generator.documents() }))
      if (result instanceof QueryError) errors.set(result.errorId, (errors.get(result.errorId) ?? 0) + 1)
      else answered += 1
    }
    assert.ok(answered > 600, `${answered} answered, ${JSON.stringify([...errors])}`)
    assert.ok((errors.get('syntax_error') ?? 0) < 100, JSON.stringify([...errors]))
  })

  it('mutated statements too, with a place for every syntax error', () => {
    for (let seed = 0; seed < 2000; seed += 1) {
      const generator = new Generator(seed + 1_000_000)
      const text = generator.mutated(generator.statement(1))
      const result = outcome(text, memorySource({ 'commons.c': [] }))
      if (result instanceof QueryError && result.errorId === 'syntax_error') {
        const lines = text.split('\n')
        assert.ok(result.line !== undefined && result.column !== undefined, text)
        assert.ok(result.column <= (lines[result.line - 1]?.length ?? -1) + 1, text)
      }
    }
  })

  it('push-down gives what looking at everything gives', () => {
    let rows = 0
    for (let seed = 0; seed < 2000; seed += 1) {
      const generator = new Generator(seed + 2_000_000)
      const collections = { 'commons.c': generator.documents() }
      const source = memorySource(collections, (['indexed', 'wide', 'uncounted'] as const)[seed % 3])
      rows += assertSameAnswer(generator.pushed(), source, memorySource(collections, 'naive'))
    }
    assert.ok(rows > 1500, String(rows))
  })
})
