// #region move
import { createDynamoDBHistory } from '@hist/dynamodb/store'

/** From the table of the JavaScript community class, one item for each session, to one item for each append. */
export async function moveItems(from: string, to: string): Promise<void> {
  const old = createDynamoDBHistory({ tableName: from, layout: 'list', primaryKeyName: 'id', historyMessagesKey: 'messages' })
  const store = createDynamoDBHistory({ tableName: to, timeoutMs: 60_000 })
  for await (const sessionId of old.sessions()) {
    const messages = await old.session(sessionId).messages()
    await store.session(sessionId).append(messages)
  }
  await Promise.all([old.close(), store.close()])
}
// #endregion move
