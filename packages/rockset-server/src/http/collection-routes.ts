import type { Value } from '../documents.js'
import { RequestError } from '../errors.js'
import type { Collection } from '../storage/catalog.js'
import type { Database } from '../storage/database.js'
import { notImplemented, objectOf, optionalText, type Route, route } from './route.js'
import { nameAndDescription } from './workspace-routes.js'

type Status = 'CREATED' | 'READY' | 'DELETED'

export function collectionRoutes(database: Database, readyDelayMs: number): Route[] {
  const { catalog } = database
  const describe = (collection: Collection, status: Status = isReady(collection) ? 'READY' : 'CREATED') => ({
    created_at: new Date(collection.createdAt).toISOString(),
    name: collection.name,
    workspace: collection.workspace,
    ...(collection.description !== undefined && { description: collection.description }),
    ...(collection.retentionSeconds !== undefined && { retention_secs: collection.retentionSeconds }),
    status,
    sources: [],
    aliases: [],
    stats: { doc_count: database.count(collection) },
  })
  const isReady = ({ createdAt }: Collection) => database.now() - createdAt >= readyDelayMs
  const path = '/ws/:workspace/collections'

  return [
    route('GET', '/collections', () => ({ data: catalog.collections().map(collection => describe(collection)) })),
    route('GET', path, ({ names: { workspace = '' } }) => {
      catalog.workspace(workspace)
      return { data: catalog.collections(workspace).map(collection => describe(collection)) }
    }),
    route('POST', path, ({ names: { workspace = '' }, body }) => {
      const collection = catalog.createCollection({ workspace, createdAt: database.now(), ...newCollection(objectOf(body)) })
      return { data: describe(collection, 'CREATED') }
    }),
    route('GET', `${path}/:collection`, ({ names: { workspace = '', collection = '' } }) => ({
      data: describe(catalog.collection(workspace, collection)),
    })),
    route('DELETE', `${path}/:collection`, ({ names }) => {
      const collection = catalog.collection(names.workspace ?? '', names.collection ?? '')
      const data = describe(collection, 'DELETED')
      database.deleteCollection(collection)
      return { data }
    }),
    notImplemented('PUT', `${path}/:collection`),
    notImplemented('PATCH', `${path}/:collection`),
  ]
}

const retention = { least: 3_600, most: 315_359_999 }

/** @throws RequestError INVALIDINPUT; NOTIMPLEMENTEDYET for what would need data from elsewhere, or documents changed on their way in. */
function newCollection(body: ReturnType<typeof objectOf>): Pick<Collection, 'name' | 'description' | 'retentionSeconds'> {
  const { name, description } = nameAndDescription(body)
  const retentionSeconds = body.retention_secs ?? undefined
  if (Array.isArray(body.sources) && body.sources.length > 0)
    throw new RequestError('NOTIMPLEMENTEDYET', 'This server has no sources.')
  if (!keepsDocuments(body.field_mapping_query)) {
    throw new RequestError('NOTIMPLEMENTEDYET', 'field_mapping_query can only be SELECT * FROM _input, with CLUSTER BY.')
  }
  if (retentionSeconds !== undefined && !isRetention(retentionSeconds)) {
    throw new RequestError('INVALIDINPUT', `retention_secs must be an integer from ${retention.least} to ${retention.most}.`)
  }
  return { name, ...(description !== undefined && { description }), ...(retentionSeconds !== undefined && { retentionSeconds }) }
}

function isRetention(value: Value): value is number {
  return Number.isInteger(value) && Number(value) >= retention.least && Number(value) <= retention.most
}

function keepsDocuments(mapping: Value | undefined): boolean {
  if (mapping === undefined || mapping === null) return true
  const sql = optionalText(objectOf(mapping, 'field_mapping_query'), 'sql') ?? ''
  const spaced = sql.replace(/\s+/g, ' ').trim()
  return /^SELECT \* FROM _input( CLUSTER BY [\w".`]+( ?, ?[\w".`]+)*)? ?;?$/i.test(spaced)
}
