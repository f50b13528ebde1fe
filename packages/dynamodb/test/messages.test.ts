import { existsSync, readFileSync } from 'node:fs'
import { createMemoryHistory, type HistoryStore, type StoredMessage } from '@hist/core'
import { fromStoredMessage, StoredChatMessageHistory, toStoredMessage } from '@hist/core/langchain'
import * as messages from '@langchain/core/messages'
import { describe, expect, test } from 'vitest'
import { jsMessages } from '../../core/test/fixtures/messages/js-messages.mjs'
import { database, nextSession, tableName } from './fixture.js'

/** The recorded messages that every store must refuse. */
const REFUSED = ['remove', 'remove_all', 'kwargs_cycle', 'kwargs_deep_2000']
const fixtures = Object.entries(jsMessages(messages))
const transcripts = new URL('../../../../shared/transcripts/airline.langchain.jsonl', import.meta.url)

const stores: [name: string, make: () => HistoryStore][] = [
  ['memory', () => createMemoryHistory({ onWarning: () => undefined })],
  ['DynamoDB', () => database.store({ tableName, onWarning: () => undefined })],
  ['DynamoDB, not compressed', () => database.store({ tableName, compress: false, onWarning: () => undefined })],
]

describe.each(stores)('%s', (_, make) => {
  test('keeps every recorded message, as a stored message and as an instance', async () => {
    const store = make()
    for (const [name, fixture] of fixtures.filter(([name]) => !REFUSED.includes(name))) {
      const history = new StoredChatMessageHistory({ sessionId: nextSession(), store })
      await history.addMessages([fixture()])
      const stored = await history.history.messages()
      expect(stored, name).toStrictEqual(readBack(toStoredMessage(fixture())))
      const instances = stored.map(message => toStoredMessage(fromStoredMessage(message, { chunks: true })))
      expect(instances, name).toStrictEqual(stored)
    }
  })

  test('refuses what cannot be kept, and keeps nothing of that call', async () => {
    const history = new StoredChatMessageHistory({ sessionId: nextSession(), store: make() })
    for (const [name, fixture] of fixtures.filter(([name]) => REFUSED.includes(name))) {
      await expect(history.addMessages([new messages.HumanMessage('before'), fixture()]), name).rejects.toBeInstanceOf(TypeError)
    }
    expect(await history.getMessages()).toEqual([])
  })

  // The transcripts are not part of the repository; where they lie beside it, all of them are stored and read back.
  const found = existsSync(transcripts) ? ['airline'] : []
  test.for(found)('keeps the real conversations: %s', async () => {
    const store = make()
    const lines = readFileSync(transcripts, 'utf8').trim().split('\n')
    for (const line of lines) {
      const conversation = JSON.parse(line) as { messages: StoredMessage[] }
      const history = new StoredChatMessageHistory({ sessionId: nextSession(), store })
      await history.addMessages(conversation.messages.map(message => fromStoredMessage(message)))
      expect(await history.history.messages()).toStrictEqual(conversation.messages)
    }
  })
})

/** What stores do not keep: functions. The recorded ones stand beside `undefined`s, which are kept. */
function readBack(message: StoredMessage): StoredMessage[] {
  const kwargs = message.data.additional_kwargs as Record<string, unknown> | undefined
  if (typeof kwargs?.f === 'function') delete kwargs.f
  return [message]
}
