import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { type Call, HistoryError } from '@hist/core'
import { TICKS_PER_MS } from '@hist/core/backend'
import type { DynamoDBClientLike, OpenClient } from './client.js'
import { historyErrorOf } from './errors.js'
import type { TableSettings } from './options.js'
import { createTableCommand, fullText, wrongKeysText } from './schema.js'

export type Item = Record<string, AttributeValue>

/** The SDK has no usable time limit of its own, so every request gets this one. Repeating one is harmless by design. */
const REQUEST_LIMIT_MS = 3_000

/** One table through one client, which is opened by the first request. */
export abstract class Table<Settings extends TableSettings = TableSettings> {
  readonly settings: Settings
  /** Attributes of the primary key: the hash key and, if there is one, the range key. */
  abstract readonly keyNames: readonly string[]
  readonly #openClient: () => OpenClient
  #open: OpenClient | undefined
  #closed = false

  constructor(settings: Settings, openClient: () => OpenClient) {
    this.settings = settings
    this.#openClient = openClient
  }

  get client(): DynamoDBClientLike {
    this.#open ??= this.#openClient()
    return this.#open.client
  }

  /** Key of an item that the session may have. @throws TypeError that the app's `key` gives */
  abstract keyIn(session: string): Item

  /**
   * One bounded request; the SDK's errors come out as `HistoryError`.
   * @param needsKeysOnly the request is invalid only if the table has other keys than ours
   */
  async send<Output>(command: object, call: Call, { needsKeysOnly = false } = {}): Promise<Output> {
    if (this.#closed) throw new HistoryError('the store is closed', { code: 'CLOSED' })
    return call.request(REQUEST_LIMIT_MS, async abortSignal => {
      try {
        return (await this.client.send(command as never, { abortSignal })) as Output
      } catch (error) {
        throw historyErrorOf(error, {
          tableName: this.settings.tableName,
          createTable: createTableCommand(this),
          wrongKeys: wrongKeysText(this),
          full: fullText(this),
          needsKeysOnly,
        })
      }
    })
  }

  /** By the clock, because the server deletes late. */
  isExpired(item: Item, nowSeconds = this.nowSeconds()): boolean {
    const expireAt = item[this.settings.ttlKeyName]?.N
    return expireAt !== undefined && Number(expireAt) <= nowSeconds
  }

  /** Whole seconds since 1970 by the store's clock. */
  nowSeconds(): number {
    return Number(this.settings.clock.now() / (1_000n * TICKS_PER_MS))
  }

  /** No further request; what runs in the background ends at its next one. A client of our own is closed. */
  close(): void {
    this.#closed = true
    this.#open?.close()
  }
}
