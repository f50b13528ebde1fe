import { parseExact } from './json.js'
import type { RocksetOptions } from './options.js'

interface RequestOptions {
  readonly signal?: AbortSignal
}

/** What is used of the client of `@rockset/client`, so that one of another copy fits. */
export interface RocksetClientLike {
  readonly collections: {
    createCollection(workspace: string, body: never, options?: RequestOptions): Promise<unknown>
    getCollection(workspace: string, collection: string, options?: RequestOptions): Promise<unknown>
    getCollectionOffsets(workspace: string, collection: string, body: never, options?: RequestOptions): Promise<unknown>
  }
  readonly documents: {
    addDocuments(workspace: string, collection: string, body: never, options?: RequestOptions): Promise<unknown>
    patchDocuments(workspace: string, collection: string, body: never, options?: RequestOptions): Promise<unknown>
    deleteDocuments(workspace: string, collection: string, body: never, options?: RequestOptions): Promise<unknown>
  }
  readonly queries: {
    query(body: never, options?: RequestOptions): Promise<unknown>
  }
}

type RocksetErrorBody = Readonly<Record<string, unknown>>

/** An answer of the server that is an error, also with status 200, as a client of ours rejects with it. */
export class RocksetError extends Error {
  override readonly name = 'RocksetError'
  /** Of the HTTP answer. */
  readonly status: number
  /** Rockset's own: `'NOTFOUND'`. */
  readonly type: string | undefined
  /** Of an error in a query: `'collection_not_found'`. */
  readonly error_id: string | undefined

  constructor(status: number, body: RocksetErrorBody) {
    super(textOf(body.message) ?? `status ${status}`)
    this.status = status
    this.type = textOf(body.type)
    this.error_id = textOf(body.error_id)
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

type MakeClient = (apiKey: string, host: string, customFetch: typeof fetchExactly) => unknown

/** The app's client, or one that is made now: only then is the driver loaded. No request. @internal */
export async function openClient({ client, apiKey = '', apiServer = '' }: RocksetOptions): Promise<RocksetClientLike> {
  if (client !== undefined) return client
  // CommonJS in ESM: the function is `default.default`; bundlers may differ.
  const loaded: unknown = await import('@rockset/client')
  return functionOf(loaded)(apiKey, apiServer.replace(/\/+$/, ''), fetchExactly) as RocksetClientLike
}

function functionOf(loaded: unknown): MakeClient {
  return typeof loaded === 'function' ? (loaded as MakeClient) : functionOf((loaded as { default: unknown }).default)
}

/**
 * Returns the parsed body, as `@rockset/client` asks for. Its own way loses the status of an error and rounds large integers. No repetition:
 * core repeats whole calls.
 */
async function fetchExactly(url: string, options: RequestInit): Promise<unknown> {
  const answer = await fetch(url, options)
  const text = await answer.text()
  if (!answer.ok) throw new RocksetError(answer.status, objectIn(text))
  const body = text === '' ? {} : parseExact(text)
  const [failure] = (body as { query_errors?: readonly RocksetErrorBody[] | null } | null)?.query_errors ?? []
  if (failure !== undefined) throw new RocksetError(answer.status, failure)
  return body
}

/** Something between us and the server may answer with a page for people. */
function objectIn(text: string): RocksetErrorBody {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
