import { type CassandraOptions, createCassandraHistory } from '@hist/cassandra/store'
import { type SessionOfStore, type SessionWithSettings, StoredChatMessageHistory } from '@hist/core/langchain'

/**
 * The history of one session in a Cassandra table, for LangChain. Make one whenever it is needed: all with equal settings, or with the
 * same `client`, share one store and one client, which are closed with the last of them.
 *
 * ```ts
 * const history = new CassandraChatMessageHistory({ keyspace: 'app', sessionId: 'user-42', window: { last: 20 } })
 * await history.addMessages([new HumanMessage('hi'), new AIMessage('hello')])
 * ```
 */
export class CassandraChatMessageHistory extends StoredChatMessageHistory<CassandraOptions> {
  /**
   * No I/O, except with `setupMode: 'async'`.
   * @throws TypeError naming an unknown or wrong option
   */
  constructor(fields: SessionOfStore | SessionWithSettings<CassandraOptions>) {
    super(fields, createCassandraHistory)
  }
}
