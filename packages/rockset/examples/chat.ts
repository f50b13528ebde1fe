// #region chat
import { RocksetChatMessageHistory } from '@hist/rockset'
import { AIMessage, HumanMessage } from '@langchain/core/messages'
import { settings } from './settings.js'

// settings: { collection: 'chat', apiKey: 'any', apiServer: 'http://127.0.0.1:4243' }
const history = new RocksetChatMessageHistory({ ...settings, sessionId: 'user-42', window: { last: 20 } })

await history.addMessages([new HumanMessage('hi'), new AIMessage('Hello!')])
export const messages = await history.getMessages()

await history.close()
// #endregion chat
