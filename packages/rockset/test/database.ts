import type { HistoryStore } from '@hist/core'
import { createRocksetHistory, type RocksetCollectionOptions } from '@hist/rockset/store'
import { type RocksetServer, type RocksetServerOptions, startRocksetServer } from '@hist/rockset-server'

export const KEY = 'any'

// biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests ask.
type Body = any

/** A real server in this process. */
export interface Database {
  readonly url: string
  /** Options for a client of the library's own. */
  own(url?: string): { apiKey: string; apiServer: string }
  /** @param path after `/v1/orgs/self` */
  request(method: string, path: string, body?: unknown): Promise<{ status: number; body: Body }>
  query(query: string, parameters?: Record<string, string>): Promise<Record<string, unknown>[]>
  createWorkspace(name: string): Promise<void>
  /** The rows of a session of layout `'session'`. */
  rows(session: string, options?: RocksetCollectionOptions): Promise<unknown[]>
  /** The documents of a session of layout `'message'`. */
  documents(session: string, options: RocksetCollectionOptions): Promise<unknown[]>
  /** A store; closed with the database. */
  store(options?: Partial<RocksetCollectionOptions>, url?: string): HistoryStore
  close(): Promise<void>
}

export async function openDatabase(options: Partial<RocksetServerOptions> = {}): Promise<Database> {
  const server: RocksetServer = await startRocksetServer({ data: ':memory:', readyDelayMs: 0, ...options })
  const stores: HistoryStore[] = []
  const own = (url = server.url) => ({ apiKey: KEY, apiServer: url })
  const request = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${server.url}/v1/orgs/self${path}`, {
      method,
      headers: { authorization: `ApiKey ${KEY}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: (await answer.json()) as Body }
  }
  const query = async (text: string, parameters: Record<string, string> = {}): Promise<Record<string, unknown>[]> => {
    const list = Object.entries(parameters).map(([name, value]) => ({ name, type: 'string', value }))
    const { body } = await request('POST', '/queries', { sql: { query: text, parameters: list } })
    if (body.error_id === 'collection_not_found') return []
    if (body.results === undefined) throw new Error(body.message)
    return body.results
  }
  const nameOf = ({ workspace = 'commons', collection }: RocksetCollectionOptions) => `"${workspace}"."${collection}"`
  return {
    url: server.url,
    own,
    request,
    query,
    async createWorkspace(name) {
      await request('POST', '/ws', { name })
    },
    async rows(s, options = { collection: 'chat' }) {
      const list = `UNNEST((SELECT h."${options.messagesKey ?? 'messages'}" FROM ${nameOf(options)} h WHERE h._id = :s) AS m) u`
      return (await query(`SELECT u.m AS m FROM ${list}`, { s })).map(row => row.m)
    },
    documents: (s, options) => query(`SELECT m.* FROM ${nameOf(options)} m WHERE m.session_id = :s ORDER BY m.seq`, { s }),
    store(options = {}, url = server.url) {
      const store = createRocksetHistory({ collection: 'chat', ...own(url), ...options } as never)
      stores.push(store)
      return store
    },
    async close() {
      await Promise.all(stores.map(store => store.close()))
      await server.close()
    },
  }
}
