import { settings } from './settings.js'

const { apiKey, apiServer } = settings

// #region client
import { createRocksetHistory } from '@hist/rockset/store'
import rockset from '@rockset/client'

// Natively, its function is in `default` once more.
const makeClient = typeof rockset === 'function' ? rockset : (rockset as { default: typeof rockset }).default
const client = makeClient(apiKey, apiServer)
const store = createRocksetHistory({ client, collection: 'chat' })

await store.session('user-44').append([{ type: 'human', data: { content: 'hi' } }])

await store.close()
// #endregion client
