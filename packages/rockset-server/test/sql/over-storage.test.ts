import assert from 'node:assert/strict'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Document, DocumentSource } from '../../src/documents.js'
import { writeDocuments } from '../../src/documents-api/write-documents.js'
import { Database } from '../../src/storage/database.js'
import { Generator } from './generator.js'
import { memorySource } from './memory-source.js'
import { assertSameAnswer } from './same-answer.js'

describe('queries over the storage', () => {
  let database: Database
  beforeAll(() => {
    database = new Database({ data: ':memory:', visibilityDelayMs: 0, onError: error => assert.fail(String(error)) })
  })
  afterAll(() => database.close())

  /** A collection as it is stored, and the same documents without any index. */
  function stored(name: string, documents: readonly Document[]): { source: DocumentSource; naive: DocumentSource } {
    const collection = database.catalog.createCollection({ workspace: 'commons', name, createdAt: 0 })
    writeDocuments(database, collection, 'add', documents)
    const view = database.collection('commons', name)
    assert.ok(view !== undefined)
    return { source: { collection: () => view }, naive: memorySource({ 'commons.c': [...view.scan()] }, 'naive') }
  }

  it('push-down gives what looking at everything gives', () => {
    let rows = 0
    for (let round = 0; round < 20; round += 1) {
      const documents = new Generator(round)
      const { source, naive } = stored(`c${round}`, round % 5 === 0 ? documents.manyDocuments() : documents.documents())
      for (let seed = 0; seed < 50; seed += 1) {
        rows += assertSameAnswer(new Generator(round * 1000 + seed).pushed(), source, naive)
      }
    }
    assert.ok(rows > 800, String(rows))
  })
})
