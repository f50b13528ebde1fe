import { type Call, HistoryError, isHistoryError } from '@hist/core'
import { pause, persist, TICKS_PER_MS } from '@hist/core/backend'
import type { RocksetClientLike } from './client.js'
import { afterWriting, historyErrorOf } from './errors.js'
import type { CollectionSettings } from './options.js'
import { createCollectionRequest } from './schema.js'

/**
 * The driver has no time limit of its own. A request gets half of what is left, so that one without an answer can be repeated, which is harmless
 * by design; but not less than this, for the server may be rewriting a long session.
 */
const LEAST_LIMIT_MS = 3_000
const LONGEST_PAUSE_MS = 500
/** Of the body of one request, by Rockset's documentation. */
const MOST_BODY_BYTES = 10_485_760
/** Rows that one query asks for. */
const MOST_ROWS = 1_000
/** An answer may have 100 MiB, by Rockset's documentation: after one that would have more, this part of the rows is asked for. */
const SMALLER = 1 / 8

/** What became of one document of a write. Told inside an answer of status 200. */
export interface DocumentStatus {
  readonly _id?: string
  readonly status: string
  readonly error?: { readonly type?: string; readonly message?: string } | null
}

export interface WriteAnswer {
  /** In the order of the request's documents. */
  readonly statuses: readonly DocumentStatus[]
  /** Once this fence has passed, the write and all before it can be read. */
  readonly offset: string | undefined
}

interface QueryAnswer<Row> {
  readonly results?: readonly Row[] | null
  readonly pagination?: { readonly next_cursor?: string | null } | null
}

/** The first rows of a query. */
export interface Rows<Row> {
  readonly rows: readonly Row[]
  /** There are no others. */
  readonly isEnd: boolean
}

export type Parameters = Readonly<Record<string, string | number>>

type Api = 'addDocuments' | 'patchDocuments' | 'deleteDocuments'
type Send = (client: RocksetClientLike, options: { signal: AbortSignal }) => Promise<unknown>

/** One collection through one client, which is opened by the first request. */
export class Collection {
  readonly settings: CollectionSettings
  /** In SQL. */
  readonly name: string
  readonly #openClient: () => Promise<RocksetClientLike>
  #client: Promise<RocksetClientLike> | undefined
  #closed = false
  #mostRows = MOST_ROWS

  constructor(settings: CollectionSettings, openClient: () => Promise<RocksetClientLike>) {
    this.settings = settings
    this.name = [...settings.workspace.split('.'), settings.collection].map(quoted).join('.')
    this.#openClient = openClient
  }

  /** One bounded request; the driver's errors come out as `HistoryError`. */
  async send<Answer>(call: Call, send: Send): Promise<Answer> {
    return call.request(Math.max(LEAST_LIMIT_MS, call.remainingMs() / 2), async signal => {
      try {
        const client = await this.#opened()
        this.#checkOpen()
        return (await send(client, { signal })) as Answer
      } catch (error) {
        throw this.#errorOf(error)
      }
    })
  }

  #errorOf(error: unknown): HistoryError {
    const { workspace, collection } = this.settings
    return historyErrorOf(error, { collection: `${workspace}.${collection}`, create: createCollectionRequest(this.settings) })
  }

  async query<Row>(query: string, values: Parameters, call: Call): Promise<readonly Row[]> {
    const parameters = Object.entries(values).map(([name, value]) => ({
      name,
      type: typeof value === 'number' ? 'int' : 'string',
      value: String(value),
    }))
    const body = { sql: { query, parameters } }
    const answer = await this.send<QueryAnswer<Row> | null>(call, (client, options) =>
      client.queries.query(body as never, options),
    )
    const { results, pagination } = answer ?? {}
    if (!Array.isArray(results) || (pagination?.next_cursor ?? null) !== null)
      throw new HistoryError('Rockset: the answer to a query does not have all its results', { code: 'UNKNOWN' })
    return results
  }

  /** The first `n` rows of a query with `:n`; fewer where the answer would be too large. */
  async firstRows<Row>(query: string, values: Parameters, n: number, call: Call): Promise<Rows<Row>> {
    for (;;) {
      const most = Math.min(n, this.#mostRows)
      try {
        const rows = await this.query<Row>(query, { ...values, n: most }, call)
        this.#mostRows = Math.min(MOST_ROWS, this.#mostRows * 2)
        return { rows, isEnd: rows.length < most }
      } catch (error) {
        if (!isHistoryError(error) || error.code !== 'TOO_LARGE' || most === 1) throw error
        this.#mostRows = Math.max(1, Math.floor(most * SMALLER))
      }
    }
  }

  /**
   * One write of documents. The caller looks at their statuses.
   * @throws HistoryError `TOO_LARGE` for a body over 10 MiB, before anything is sent
   */
  async write(api: Api, documents: readonly object[], call: Call): Promise<WriteAnswer> {
    const { workspace, collection } = this.settings
    const body = { data: documents }
    const bytes = Buffer.byteLength(JSON.stringify(body))
    if (bytes > MOST_BODY_BYTES) {
      const text = `the request would have ${bytes} bytes, the limit is ${MOST_BODY_BYTES}; nothing was written`
      throw new HistoryError(`Rockset: ${text}`, { code: 'TOO_LARGE' })
    }
    const answer = await this.send<{ data?: readonly DocumentStatus[] | null; last_offset?: string | null }>(
      call,
      (client, options) => client.documents[api](workspace, collection, body as never, options),
    )
    const statuses = answer.data ?? []
    if (statuses.length !== documents.length)
      throw new HistoryError(`Rockset: ${statuses.length} statuses for ${documents.length} documents`, { code: 'UNKNOWN' })
    return { statuses, offset: answer.last_offset ?? undefined }
  }

  /** Waits until everything up to the offset can be read. */
  async waitFor(offset: string | undefined, call: Call): Promise<void> {
    if (offset === undefined) return
    const { workspace, collection, sleepIntervalMs } = this.settings
    const body = { name: [offset] }
    const hasPassed = async () => {
      const answer = await this.send<{ data?: { passed?: boolean } }>(call, (client, options) =>
        client.collections.getCollectionOffsets(workspace, collection, body as never, options),
      )
      return answer.data?.passed === true
    }
    try {
      for (let pauseMs = sleepIntervalMs; !(await persist(call, hasPassed)); pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2))
        await pause(pauseMs * (0.75 + Math.random() / 2), call)
    } catch (error) {
      throw afterWriting(error)
    }
  }

  /** What a document's status ERROR means. */
  refusal({ error, status }: DocumentStatus): HistoryError {
    const cause = error ?? { type: undefined, message: status }
    // Not of the collection, as elsewhere.
    if (cause.type === 'NOTFOUND') return new HistoryError('Rockset: the document is missing', { code: 'CONFLICT', cause })
    const known = this.#errorOf(cause)
    return new HistoryError(`${known.message}; a document was not written`, { code: known.code, outcome: 'failed', cause })
  }

  /** Milliseconds since 1970 by the store's clock. */
  nowMs(): number {
    return Number(this.settings.clock.now() / TICKS_PER_MS)
  }

  /** No further request; what runs in the background ends at its next one. */
  close(): void {
    this.#closed = true
  }

  #checkOpen(): void {
    if (this.#closed) throw new HistoryError('the store is closed', { code: 'CLOSED' })
  }

  #opened(): Promise<RocksetClientLike> {
    this.#client ??= this.#openClient().catch(error => {
      this.#client = undefined
      throw error
    })
    return this.#client
  }
}

/** A name in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
