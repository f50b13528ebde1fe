// #region store
import { createKafkaHistory } from '@hist/kafka/store'
import { settings } from './settings.js'

const store = createKafkaHistory({ ...settings, ttlMs: 30 * 86_400_000 })
const chat = store.session('user-43')

await chat.append([
  { type: 'human', data: { content: 'hi' } },
  { type: 'ai', data: { content: 'Hello!' } },
])
export const newest = await chat.messages({ last: 20 })

await store.close()
// #endregion store
