import {
  type BackendSupports,
  type ChatHistory,
  type Clock,
  type HistoryBackend,
  HistoryStore,
  type HistoryStoreOptions,
} from '@hist/core'
import { borrowed, type Faults, withFaults } from './faults.js'
import { unique } from './sample.js'
import { otherProcessClock } from './test-clock.js'

/** One database under test. */
export interface ConformanceSetup {
  /** Another client of the database. What it is not given it does as by default. */
  open(options?: { ttlSeconds?: number; clock?: Clock }): HistoryBackend
  /** The stored records that hold this session's messages, in whatever form the driver gives them. */
  raw?(session: string): Promise<unknown[]>
  stop(): Promise<void>
}

export interface LabSetup {
  readonly database: ConformanceSetup
  readonly supports: BackendSupports
  /** A client that all tests share, and a second one, each with a clock of its own: two processes. */
  readonly home: HistoryBackend
  readonly shared: { readonly here: HistoryStore; readonly there: HistoryStore }
  readonly leftOut: Set<string>
  readonly longSession: number
  readonly expiry: 'clock' | 'server'
}

export interface ClientOptions extends HistoryStoreOptions {
  ttlSeconds?: number
}

export function openLab(database: ConformanceSetup, options: { longSession: number; expiry: 'clock' | 'server' }): LabSetup {
  const clock = otherProcessClock()
  const home = database.open()
  const there = database.open({ clock })
  const shared = { here: new HistoryStore(home), there: new HistoryStore(there, { clock }) }
  return { database, supports: home.supports, home, shared, leftOut: new Set(), ...options }
}

/** What one test works with. Every store that it opens is closed when it ends. */
export class Lab {
  readonly setup: LabSetup
  readonly #stores: HistoryStore[] = []

  constructor(setup: LabSetup) {
    this.setup = setup
  }

  get supports(): BackendSupports {
    return this.setup.supports
  }

  /** An id that nobody has used. */
  session(): string {
    return `t-${unique()}`
  }

  /** The session, fresh unless given, as the shared client sees it. */
  chat(session = this.session()): ChatHistory {
    return this.setup.shared.here.session(session)
  }

  /** The same session as another process sees it. */
  elsewhere(chat: ChatHistory): ChatHistory {
    return this.setup.shared.there.session(chat.sessionId)
  }

  /** A store over a client of its own. */
  client({ ttlSeconds, ...options }: ClientOptions = {}): HistoryStore {
    const backend = this.setup.database.open({
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    })
    return this.#keep(new HistoryStore(backend, options))
  }

  /** A store over the shared client, with faults between. Cheaper than a client of its own. */
  faulty(faults: Faults, options: HistoryStoreOptions = {}): HistoryStore {
    return this.#keep(new HistoryStore(withFaults(this.setup.home, { ...borrowed, ...faults }), options))
  }

  #keep(store: HistoryStore): HistoryStore {
    this.#stores.push(store)
    return store
  }

  /** Says that `supports` does not promise this. The last test checks that it was right. */
  leaveOut(item: string): void {
    this.setup.leftOut.add(item)
  }

  async finish(): Promise<void> {
    await Promise.all(this.#stores.map(store => store.close()))
  }
}
