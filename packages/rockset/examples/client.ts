import { settings } from './settings.js'

const { apiKey, apiServer } = settings

// #region client
import { createRocksetHistory } from '@hist/rockset/store'
import rockset from '@rockset/client'

// Natively, and for TypeScript's `nodenext`, its function is in `default` once more.
const makeClient = ('default' in rockset ? rockset.default : rockset) as typeof import('@rockset/client').default
const client = makeClient(apiKey, apiServer)
const store = createRocksetHistory({ client, collection: 'chat' })

await store.session('user-44').append([{ type: 'human', data: { content: 'hi' } }])

await store.close()
// #endregion client
