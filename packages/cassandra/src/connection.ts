import type { Call } from '@hist/core'
import { Once } from '@hist/core/backend'
import { type CassandraClientLike, connect, createClient } from './client.js'
import { historyErrorOf } from './errors.js'
import { type CassandraOptions, checkCassandraOptions, type TableSettings, tableSettings } from './options.js'
import { Table } from './table.js'

/** A client, the app's or our own, and the table once it was looked at. Opened by the first call, for all. */
export class Connection {
  readonly settings: TableSettings
  readonly #options: CassandraOptions
  readonly #table: Once<Table>
  #open: { readonly client: CassandraClientLike; readonly table: Table; readonly connecting: Promise<void> } | undefined

  /** @param setUp looks at the table or makes it */
  constructor(options: CassandraOptions, setUp: (table: Table, call: Call) => Promise<void>) {
    checkCassandraOptions(options)
    this.#options = { ...options }
    this.settings = tableSettings(options)
    this.#table = new Once(this.settings.setupTimeoutMs, async call => {
      const table = await this.#connect()
      await setUp(table, call)
      return table
    })
  }

  table(call: Call): Promise<Table> {
    return this.#table.get(call)
  }

  openInBackground(): void {
    if (this.settings.setupMode === 'async') this.#table.beginInBackground()
  }

  /** Closes a client that we made; leaves one of the app's alone. */
  async close(): Promise<void> {
    this.#open?.table.close()
    if (this.#options.client !== undefined || this.#open === undefined) return
    const { client, connecting } = this.#open
    // A shutdown while the client connects would return at once and leave its connection open.
    await connecting.catch(() => undefined)
    await client.shutdown()
  }

  async #connect(): Promise<Table> {
    if (this.#open === undefined) {
      const client = this.#options.client ?? createClient(this.#options)
      const connecting = this.#options.client === undefined ? connect(client) : Promise.resolve()
      this.#open = { client, table: new Table(this.settings, client), connecting }
    }
    const { table, connecting } = this.#open
    try {
      await connecting
    } catch (error) {
      this.#open = undefined
      throw historyErrorOf(error, this.settings)
    }
    return table
  }
}
