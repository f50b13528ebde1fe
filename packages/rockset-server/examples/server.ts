// #region server
import { startRocksetServer } from '@hist/rockset-server'
import rockset from '@rockset/client'
import { settings } from './settings.js'

// settings: { data: './rockset.db' }
const server = await startRocksetServer(settings)
// Natively, its function is in `default` once more.
const makeClient = ('default' in rockset ? rockset.default : rockset) as typeof import('@rockset/client').default
const { collections, documents, queries } = makeClient('any', server.url)

await collections.createCollection('commons', { name: 'chat' })
await documents.addDocuments('commons', 'chat', { data: [{ _id: 'user-42', messages: ['hi'] }] })
export const { results } = await queries.query({ sql: { query: 'SELECT _id, messages FROM commons.chat' } })

await server.close()
// #endregion server
