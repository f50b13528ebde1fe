// #region memory
import { createMemoryHistory } from '@hist/core'

const store = createMemoryHistory()
const chat = store.session('user-42')

await chat.append([
  { type: 'human', data: { content: 'hi' } },
  { type: 'ai', data: { content: 'Hello!' } },
])
export const newest = await chat.messages({ last: 20 })

await store.close()
// #endregion memory
