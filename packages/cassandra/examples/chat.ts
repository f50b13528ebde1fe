// #region chat
import { CassandraChatMessageHistory } from '@hist/cassandra'
import { AIMessage, HumanMessage } from '@langchain/core/messages'
import { settings } from './settings.js'

// settings: { contactPoints: ['127.0.0.1'], localDataCenter: 'datacenter1', keyspace: 'app' }
const history = new CassandraChatMessageHistory({ ...settings, sessionId: 'user-42', window: { last: 20 } })

await history.addMessages([new HumanMessage('hi'), new AIMessage('Hello!')])
export const messages = await history.getMessages()

await history.close()
// #endregion chat
