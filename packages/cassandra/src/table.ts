import { type Call, HistoryError } from '@hist/core'
import { type CassandraClientLike, type Host, READ_TIMEOUT_MS } from './client.js'
import { historyErrorOf } from './errors.js'
import type { CassandraConsistency, TableSettings } from './options.js'
import { qualifiedName } from './schema.js'

export type Row = Readonly<Record<string, unknown>>

export interface Result {
  readonly rows: readonly Row[]
  /** There is more than the driver asked for, or than the server wished to send at once. */
  readonly pageState?: string | null
  /** Address and port of the node that answered. */
  readonly info?: { readonly queriedHost?: string }
}

export interface Statement {
  readonly query: string
  readonly params: readonly unknown[]
}

export interface StatementOptions {
  /** Write timestamp in microseconds since 1970, for statements that do not give one themselves. */
  readonly timestamp?: number
  /** Rows of one page. */
  readonly fetchSize?: number
  /** Where an earlier page ended. */
  readonly pageState?: string
}

/** Longer than the driver takes to give one node up, so that its own error comes first. Repeating a request is harmless by design. */
const REQUEST_LIMIT_MS = 5_000
/** A table is made when all nodes agree, for which the driver waits for up to 10 s. */
const DEFINE_LIMIT_MS = 30_000

/** Codes of the native protocol (native_protocol_v5.spec, section 3). */
const CONSISTENCY: Readonly<Record<CassandraConsistency, number>> = {
  ONE: 1,
  TWO: 2,
  THREE: 3,
  QUORUM: 4,
  ALL: 5,
  LOCAL_QUORUM: 6,
  LOCAL_ONE: 10,
}

/** Whether nothing follows a page of a statement with `LIMIT rows`. */
export function isEnd(page: Result, rows: number): boolean {
  return page.rows.length < rows && !page.pageState
}

/** One table through one client; the driver's errors come out as `HistoryError`. */
export class Table {
  readonly settings: TableSettings
  /** As it stands in statements. */
  readonly name: string
  readonly #client: CassandraClientLike
  readonly #consistency: number
  #closed = false

  constructor(settings: TableSettings, client: CassandraClientLike) {
    this.settings = settings
    this.name = qualifiedName(settings)
    this.#client = client
    this.#consistency = CONSISTENCY[settings.consistency]
  }

  execute({ query, params }: Statement, call: Call, options: StatementOptions = {}): Promise<Result> {
    return this.#request(call, REQUEST_LIMIT_MS, () =>
      this.#client.execute(query, params as never, { ...this.#forTable(), ...options } as never),
    )
  }

  /**
   * One page. A server may end a page early, even without a row, though more follows.
   * @param rows at most so many
   */
  async page(statement: Statement, rows: number, call: Call): Promise<Result> {
    let page = await this.execute(statement, call, { fetchSize: rows })
    while (page.rows.length === 0 && page.pageState)
      page = await this.execute(statement, call, { fetchSize: rows, pageState: page.pageState })
    return page
  }

  /** All or nothing. Within one partition it is one mutation, and no batch log is written. */
  async batch(statements: readonly Statement[], call: Call, options: StatementOptions = {}): Promise<void> {
    await this.#request(call, REQUEST_LIMIT_MS, () =>
      this.#client.batch(statements as never, { ...this.#forTable(), logged: true, ...options } as never),
    )
  }

  /** A statement about what every node knows for itself; answered by any, or by `host`. */
  lookUp(query: string, params: readonly unknown[], call: Call, host?: Host): Promise<Result> {
    const options = { isIdempotent: true, consistency: CONSISTENCY.ONE, readTimeout: READ_TIMEOUT_MS, ...(host && { host }) }
    return this.#request(call, REQUEST_LIMIT_MS, () => this.#client.execute(query, params as never, options as never))
  }

  /** The nodes that the driver knows, by address and port; undefined if an injected client does not say. */
  get hosts(): CassandraClientLike['hosts'] {
    return this.#client.hosts
  }

  /** A statement that changes the schema. */
  async define(query: string, call: Call): Promise<void> {
    const options = { prepare: false, readTimeout: DEFINE_LIMIT_MS }
    await this.#request(call, DEFINE_LIMIT_MS, () => this.#client.execute(query, [] as never, options as never))
  }

  /** No further request; what runs in the background ends at its next one. */
  close(): void {
    this.#closed = true
  }

  #forTable() {
    return { prepare: true, isIdempotent: true, consistency: this.#consistency, readTimeout: READ_TIMEOUT_MS }
  }

  async #request(call: Call, limitMs: number, start: () => Promise<unknown>): Promise<Result> {
    if (this.#closed) throw new HistoryError('the store is closed', { code: 'CLOSED' })
    return call.request(limitMs, async () => {
      try {
        return (await start()) as Result
      } catch (error) {
        throw historyErrorOf(error, this.settings)
      }
    })
  }
}
