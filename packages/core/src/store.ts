import { type BackendSupports, type HistoryBackend, isSessionLister } from './backend.js'
import { ChatHistory } from './chat-history.js'
import { argumentError, HistoryError } from './errors.js'
import { type CallOptions, checkCallOptions, type HistoryStoreOptions, type OptionCheck } from './options.js'
import { StoreContext } from './store-context.js'

/** In UTF-8 bytes: what every backend's key can hold. */
const MAX_SESSION_ID_BYTES = 1_024

const sessionText: OptionCheck = {
  be: `well-formed Unicode of at most ${MAX_SESSION_ID_BYTES} bytes`,
  holds: text => typeof text === 'string' && text.isWellFormed() && Buffer.byteLength(text) <= MAX_SESSION_ID_BYTES,
}

export interface SessionsOptions extends CallOptions {
  /** Only sessions whose id starts with this text. @default '' */
  prefix?: string | undefined
}

/**
 * All sessions of one database. Hold one for the whole process and ask it for sessions. Does no I/O before the first call; the
 * first call opens what the backend needs, once.
 */
export class HistoryStore implements AsyncDisposable {
  readonly #context: StoreContext

  /** @throws TypeError for an unknown or wrong option */
  constructor(backend: HistoryBackend, options: HistoryStoreOptions = {}) {
    this.#context = new StoreContext(backend, options)
  }

  /** The backend's name: `'dynamodb'`. */
  get name(): string {
    return this.#context.backend.name
  }

  /** What the backend can do. */
  get supports(): BackendSupports {
    return this.#context.backend.supports
  }

  /**
   * The history of one session; no I/O.
   * @param sessionId not empty, well-formed Unicode, at most 1,024 bytes as UTF-8
   * @throws TypeError for any other id
   */
  session(sessionId: string): ChatHistory {
    if (sessionId === '' || !sessionText.holds(sessionId)) throw argumentError(`sessionId must be ${sessionText.be}, not empty`)
    return new ChatHistory(this.#context, sessionId)
  }

  /**
   * The ids of all sessions that hold something, each once, in no particular order. The deadline counts for each page.
   * @throws HistoryError `UNSUPPORTED` where the backend cannot list them (`supports.sessions`)
   */
  async *sessions(options: SessionsOptions = {}): AsyncGenerator<string, void, undefined> {
    checkCallOptions('sessions', options, { prefix: sessionText })
    const { prefix, ...callOptions } = options
    const { backend } = this.#context
    const seen = new Set<string>()
    let after: string | undefined
    do {
      const range = { prefix, after }
      const slice = await this.#context.run({}, callOptions, async call => {
        if (!isSessionLister(backend)) throw new HistoryError(`${backend.name} cannot list sessions`, { code: 'UNSUPPORTED' })
        return this.#context.page(call, after, () => backend.sessions(range, call))
      })
      for (const session of slice.sessions) {
        if (seen.has(session)) continue
        seen.add(session)
        yield session
      }
      after = slice.next
    } while (after !== undefined)
  }

  /** Refuses new calls (`CLOSED`), lets the running ones finish, releases what the store opened itself. Again: the same promise. */
  close(): Promise<void> {
    return this.#context.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
