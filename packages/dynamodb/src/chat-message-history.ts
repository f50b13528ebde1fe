import type { HistoryStore } from '@hist/core'
import { type SessionOfStore, type SessionWithSettings, StoredChatMessageHistory } from '@hist/core/langchain'
import { createDynamoDBHistory, type DynamoDBOptions, type DynamoDBSessionOptions } from '@hist/dynamodb/store'

/**
 * The history of one session in a DynamoDB table, for LangChain. Make one whenever it is needed: all with equal settings, or with the
 * same `client`, share one store and one client, which are closed with the last of them.
 *
 * ```ts
 * const history = new DynamoDBChatMessageHistory({ tableName: 'ChatHistory', sessionId: 'user-42', window: { last: 20 } })
 * await history.addMessages([new HumanMessage('hi'), new AIMessage('hello')])
 * ```
 */
export class DynamoDBChatMessageHistory extends StoredChatMessageHistory<DynamoDBSessionOptions> {
  /**
   * No I/O, except with `setupMode: 'async'`.
   * @throws TypeError naming an unknown or wrong option
   */
  constructor(fields: SessionOfStore | SessionWithSettings<DynamoDBSessionOptions>) {
    super(fields, createHistory)
  }
}

/** Python's `key` is the session's own; a store asks for the key of each session. */
function createHistory(options: DynamoDBSessionOptions): HistoryStore {
  if (typeof options.key !== 'object' || options.key === null) return createDynamoDBHistory(options as DynamoDBOptions)
  const key = { ...options.key }
  return createDynamoDBHistory({ ...options, key: () => key })
}
