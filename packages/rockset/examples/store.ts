// #region store
import { createRocksetHistory } from '@hist/rockset/store'
import { settings } from './settings.js'

const store = createRocksetHistory({ ...settings, collection: 'messages', layout: 'message', ttlSeconds: 30 * 86_400 })
const chat = store.session('user-43')

await chat.append([
  { type: 'human', data: { content: 'hi' } },
  { type: 'ai', data: { content: 'Hello!' } },
])
export const newest = await chat.messages({ last: 20 })

await store.close()
// #endregion store
