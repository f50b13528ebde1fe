import { argumentError, type ChatHistory, HistoryError, type HistoryStore } from '@hist/core'
import { checkOptions, having, windowChecks } from '@hist/core/backend'
import { BaseListChatMessageHistory } from '@langchain/core/chat_history'
import type { BaseMessage } from '@langchain/core/messages'
import { leaseStore, type StoreLease } from './shared-stores.js'
import { fromStoredMessage, toStoredMessage } from './stored-message.js'

/** What `getMessages()` returns. */
export interface Window {
  /** Only the newest so many messages, ≥ 1. @default all */
  last?: number | undefined
  /** Never start with tool results whose call lies outside. @default false */
  wholeTurns?: boolean | undefined
}

interface SessionFields {
  /** Not empty, well-formed Unicode, at most 1,024 bytes as UTF-8. */
  sessionId: string
  /** What `getMessages()` returns. @default the whole history */
  window?: Window | undefined
}

/** A session of a store that the app holds. The store is never closed by the history. */
export interface SessionOfStore extends SessionFields {
  store: HistoryStore
}

/** A session and the settings of its store, which is shared by all instances with equal settings. */
export type SessionWithSettings<Options extends object> = SessionFields & Options & { store?: never }

/**
 * A session of a store as LangChain's `BaseListChatMessageHistory`. Usable by itself, with a `store`. A backend's class passes `create`:
 * its instances with equal settings (values by value; clients and functions by identity) share one store, closed with the last of them.
 *
 * Failures are `HistoryError`s; messages that cannot be stored are `TypeError`s, and then nothing of that call is written.
 */
export class StoredChatMessageHistory<Options extends object = object> extends BaseListChatMessageHistory {
  override lc_namespace = ['hist', 'chat_message_history']
  /** The session underneath: windows, pages, cancellation, append ids. */
  readonly history: ChatHistory
  readonly #window: Window
  readonly #lease: StoreLease
  #closed = false

  /** @throws TypeError for a wrong session id, window or setting. No I/O. */
  constructor(fields: SessionOfStore | SessionWithSettings<Options>, create?: (options: Options) => HistoryStore) {
    super()
    const owner = new.target.name
    checkFields(owner, fields)
    const { sessionId, window = {}, store, ...settings } = fields
    checkOptions(`${owner}: window`, window, windowChecks)
    this.#window = { ...window }
    if (store !== undefined) {
      checkOptions(owner, { store }, storeCheck)
      checkOptions(`${owner} with a store`, settings, {})
      this.#lease = { store, release: async () => undefined }
    } else if (create !== undefined) {
      this.#lease = leaseStore(owner, settings as object as Options, create)
    } else {
      throw argumentError(`${owner}: store is missing`)
    }
    try {
      this.history = this.#lease.store.session(sessionId)
    } catch (error) {
      void this.#lease.release()
      throw error
    }
  }

  /** The messages, oldest first: the window if one was given, else all. */
  async getMessages(): Promise<BaseMessage[]> {
    this.#checkOpen()
    const messages = await this.history.messages(this.#window)
    return messages.map(message => fromStoredMessage(message, { transfer: true }))
  }

  /** One append; resolves when the message is durable. */
  async addMessage(message: BaseMessage): Promise<void> {
    await this.addMessages([message])
  }

  /** One append: all of the messages become visible together, in order, durably, or none of them. */
  override async addMessages(messages: BaseMessage[]): Promise<void> {
    this.#checkOpen()
    if (!Array.isArray(messages)) throw argumentError('addMessages: expected an array of messages')
    await this.history.append(messages.map(toStoredMessage))
  }

  override async clear(): Promise<void> {
    this.#checkOpen()
    await this.history.clear()
  }

  /** Lets go of the shared store, which is closed with its last instance. Calls after it fail with `CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#lease.release()
  }

  #checkOpen(): void {
    if (!this.#closed) return
    throw new HistoryError('the history is closed', {
      code: 'CLOSED',
      backend: this.#lease.store.name,
      session: this.history.sessionId,
    })
  }
}

const storeCheck = { store: having('session', 'a HistoryStore') }

function checkFields(owner: string, fields: unknown): asserts fields is object {
  if (typeof fields !== 'object' || fields === null)
    throw argumentError(`${owner}: expected an object with sessionId and options`)
  const { sessionId } = fields as { sessionId?: unknown }
  if (typeof sessionId !== 'string')
    throw argumentError(`${owner}: sessionId ${sessionId === undefined ? 'is missing' : 'must be a string'}`)
}
