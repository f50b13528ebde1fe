import { type SessionOfStore, type SessionWithSettings, StoredChatMessageHistory } from '@hist/core/langchain'
import { createRocksetHistory, type RocksetOptions } from '@hist/rockset/store'

/**
 * The history of one session in a Rockset collection, for LangChain. Make one whenever it is needed: all with equal settings, or with the
 * same `client`, share one store, which is closed with the last of them.
 *
 * ```ts
 * const settings = { collection: 'chat', apiKey: 'any', apiServer: 'http://127.0.0.1:4243' }
 * const history = new RocksetChatMessageHistory({ ...settings, sessionId: 'user-42', window: { last: 20 } })
 * await history.addMessages([new HumanMessage('hi'), new AIMessage('hello')])
 * ```
 */
export class RocksetChatMessageHistory extends StoredChatMessageHistory<RocksetOptions> {
  /**
   * No I/O, except with `setupMode: 'async'`.
   * @throws TypeError naming an unknown or wrong option
   */
  constructor(fields: SessionOfStore | SessionWithSettings<RocksetOptions>) {
    super(fields, createRocksetHistory)
  }
}
