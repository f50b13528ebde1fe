// Reads everything back through a third connection and compares it with what went in.
import { deepStrictEqual } from 'node:assert/strict'
import { fromStoredMessage, toStoredMessage } from '@hist/core/langchain'
import { createDynamoDBHistory, DynamoDBChatMessageHistory } from '@hist/dynamodb'
import { historyOptions } from './database.mjs'

/**
 * @param {string} endpointUrl
 * @param {import('./conversations.mjs').Conversation[]} conversations
 * @param {{ found: number, acknowledged: Map<string, number> }[]} runs the killed process and the one that took over
 */
export async function checkHistory(endpointUrl, conversations, [killed, next]) {
  const store = createDynamoDBHistory(historyOptions(endpointUrl))
  const problems = []
  const sessions = []
  let equal = 0
  for (const { session, messages } of conversations) {
    const history = new DynamoDBChatMessageHistory({ sessionId: session, store })
    const stored = await history.getMessages()
    if (stored.length !== messages.length) problems.push(`${session}: ${stored.length} messages, expected ${messages.length}`)
    for (const [index, message] of messages.entries()) {
      const problem = difference(stored[index], message)
      if (problem === undefined) equal++
      else problems.push(`${session}, message ${index + 1}: ${problem}`)
    }
    sessions.push({ session, messages: stored.map(toStoredMessage), bytes: Buffer.byteLength(JSON.stringify(messages)) })
  }
  const listed = []
  for await (const session of store.sessions()) listed.push(session)
  if (listed.length !== conversations.length)
    problems.push(`${listed.length} sessions in the table, expected ${conversations.length}`)
  const acknowledged = [...killed.acknowledged.values()].reduce((sum, count) => sum + count, 0)
  if (next.found < acknowledged) problems.push(`${acknowledged} messages were acknowledged, ${next.found} survived the kill`)
  await store.close()
  return { equal, problems, sessions, acknowledged }
}

/** Compared as instances, every own field, and as stored messages. */
function difference(found, expected) {
  if (found === undefined) return 'missing'
  const original = fromStoredMessage(expected)
  try {
    deepStrictEqual(found, original)
    deepStrictEqual(toStoredMessage(found), toStoredMessage(original))
    return undefined
  } catch (error) {
    return error.message.split('\n')[0]
  }
}
