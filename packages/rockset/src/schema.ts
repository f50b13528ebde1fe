import { type Call, HistoryError, isHistoryError } from '@hist/core'
import { pause } from '@hist/core/backend'
import type { Collection } from './collection.js'
import { typeOf } from './errors.js'
import type { CollectionSettings } from './options.js'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000
/** So that Rockset keeps the messages of a session together. */
const CLUSTERED = { field_mapping_query: { sql: 'SELECT * FROM _input CLUSTER BY session_id' } }

/** The request that makes the collection, for the text of `NOT_SET_UP`. */
export function createCollectionRequest(settings: CollectionSettings): string {
  return `POST /v1/orgs/self/ws/${settings.workspace}/collections ${JSON.stringify(definition(settings))}`
}

function definition({ collection, layout, server, retentionSeconds }: CollectionSettings): object {
  return {
    name: collection,
    ...(retentionSeconds === undefined ? {} : { retention_secs: retentionSeconds }),
    ...(layout === 'message' && server === 'rockset' ? CLUSTERED : {}),
  }
}

/** Makes the collection if it is missing, in its own workspace, and waits until it can be used. */
export async function setUpCollection(collection: Collection, call: Call): Promise<void> {
  let status = await statusOf(collection, call)
  if (status === undefined) await create(collection, call)
  for (let pauseMs = FIRST_PAUSE_MS; status !== 'READY'; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    status = await statusOf(collection, call)
    if (status !== 'READY') await pause(pauseMs, call)
  }
}

/** Undefined: there is none. */
async function statusOf(collection: Collection, call: Call): Promise<string | undefined> {
  const { workspace, collection: name } = collection.settings
  try {
    const answer = await collection.send<{ data?: { status?: unknown } }>(call, (client, options) =>
      client.collections.getCollection(workspace, name, options),
    )
    const status = String(answer.data?.status)
    return status === 'DELETED' ? undefined : status
  } catch (error) {
    if (isHistoryError(error) && error.code === 'NOT_SET_UP') return undefined
    throw error
  }
}

async function create(collection: Collection, call: Call): Promise<void> {
  const { workspace } = collection.settings
  try {
    await collection.send(call, (client, options) =>
      client.collections.createCollection(workspace, definition(collection.settings) as never, options),
    )
  } catch (error) {
    if (typeOf(error) === 'ALREADYEXISTS') return
    if (!isHistoryError(error) || error.code !== 'NOT_SET_UP') throw error
    if (workspace === 'commons') {
      const text = "Rockset: the server has not even the workspace 'commons'; is the path of apiServer right?"
      throw new HistoryError(text, { code: 'INVALID_CONFIGURATION', cause: error.cause })
    }
    const request = `POST /v1/orgs/self/ws ${JSON.stringify({ name: workspace })}`
    throw new HistoryError(`Rockset: workspace ${workspace} does not exist; make it by\n${request}`, {
      code: 'NOT_SET_UP',
      cause: error.cause,
    })
  }
}

/**
 * Whether the server knows `upsert`, and so makes one transaction of each request, as layout `'message'` counts on. The patch cannot be
 * applied, so nothing is written: a server that knows `upsert` fails at the operation, another one misses the document.
 */
export async function checkServer(collection: Collection, call: Call): Promise<void> {
  const patch = [{ op: 'TEST', path: '/probe', value: 1 }]
  const probe = { _id: 'hist:probe', patch, upsert: { probe: 0 } }
  const { statuses } = await collection.write('patchDocuments', [probe], call)
  if (statuses[0]?.error?.type === 'INVALIDINPUT') return
  throw new HistoryError("Rockset: the server is not @hist/rockset-server; pass server: 'rockset'", {
    code: 'INVALID_CONFIGURATION',
    cause: statuses[0]?.error,
  })
}
