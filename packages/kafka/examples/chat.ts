// #region chat
import { KafkaChatMessageHistory } from '@hist/kafka'
import { AIMessage, HumanMessage } from '@langchain/core/messages'
import { settings } from './settings.js'

// settings: { bootstrapServers: '127.0.0.1:9092', topicPrefix: 'chat-' }
const history = new KafkaChatMessageHistory({ ...settings, sessionId: 'user-42', window: { last: 20 } })

await history.addMessages([new HumanMessage('hi'), new AIMessage('Hello!')])
export const messages = await history.getMessages()

await history.close()
// #endregion chat
