// #region python
import { KafkaChatMessageHistory } from '@hist/kafka'
import { settings } from './settings.js'

// In Python: KafkaChatMessageHistory('chat-trip-7', '127.0.0.1:9092', partition=1)
const history = new KafkaChatMessageHistory({ ...settings, sessionId: 'trip-7' })

export const all = await history.getMessages()
export const unread = await history.messagesFromLastConsumed({ maxMessageCount: 10 }) // for Python they are consumed now, too
await history.addAIMessage('hi from JavaScript')

await history.close()
// #endregion python
