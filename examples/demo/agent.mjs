// One agent process: goes on with every conversation from where the history says it stands. Reports what is durable to its parent.

import { fromStoredMessage } from '@hist/core/langchain'
import { DynamoDBChatMessageHistory } from '@hist/dynamodb'
import { readConversations, turnsOf } from './conversations.mjs'
import { historyOptions, openDatabase } from './database.mjs'

const [path, file] = process.argv.slice(2)
const database = await openDatabase(path)
const options = historyOptions(database.endpointUrl)

for (const { session, messages } of await readConversations(file)) await replay(session, messages)

await database.close()
process.disconnect?.()

async function replay(sessionId, messages) {
  const all = new DynamoDBChatMessageHistory({ sessionId, ...options })
  const context = new DynamoDBChatMessageHistory({ sessionId, window: { last: 20, wholeTurns: true }, ...options })
  let stored = (await all.getMessages()).length
  process.send({ session: sessionId, found: stored })
  let position = 0
  for (const turn of turnsOf(messages)) {
    position += turn.length
    if (position <= stored) continue
    // The model is recorded; an app would now call it with this window.
    const shown = turn[0].type === 'ai' ? (await context.getMessages()).length : undefined
    await all.addMessages(turn.map(message => fromStoredMessage(message)))
    stored = position
    process.send({ session: sessionId, stored, shown })
  }
  await all.close()
  await context.close()
}
