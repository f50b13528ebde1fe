import { type BackendSupports, MemoryBackend, MemoryDatabase, type RawSlice, type ReadRange } from '@hist/core'
import { type Broken, between, type OpenOptions, type Row } from './broken-backend.js'

function supporting(supports: Partial<BackendSupports>): Broken['make'] {
  return between(() => ({ supports }))
}

function withoutTtl({ ttlSeconds: _, ...options }: OpenOptions): OpenOptions {
  return options
}

/** Hides, for good, everything up to a moment that `moment` takes from the clearing client. */
function tombstones(moment: (options: OpenOptions, rows: readonly Row[]) => bigint): Broken['make'] {
  return database => {
    const cleared = new Map<string, bigint>()
    return options =>
      new (class extends MemoryBackend {
        override async clear(session: string) {
          const rows = database.sessions.get(session) ?? []
          cleared.set(session, moment(options, rows))
          return {}
        }
        override async read(session: string, range: ReadRange): Promise<RawSlice> {
          const slice = await super.read(session, range)
          return { ...slice, entries: slice.entries.filter(entry => (entry.ticks ?? 0n) > (cleared.get(session) ?? 0n)) }
        }
      })(options)
  }
}

const now = ({ clock }: OpenOptions): bigint => clock?.now() ?? BigInt(Date.now()) * 10_000n

export const brokenOthers: Broken[] = [
  {
    defect: 'clears what is appended later, if the clearing clock is ahead',
    make: tombstones(now),
    caughtBy: [
      '[8] clear removes what was there and keeps what comes later, clocks of writer, clearer, appender off by -5 s, 5 s, 0 s',
      '[8] clear removes what was there and keeps what comes later, clocks of writer, clearer, appender off by 5 s, -5 s, -5 s',
    ],
  },
  {
    defect: 'clears up to the newest entry, and what another clock puts before it later',
    make: tombstones((_, rows) => BigInt(rows.at(-1)?.id.slice(0, 18) ?? '0')),
    caughtBy: [
      '[8] clear removes what was there and keeps what comes later, clocks of writer, clearer, appender off by 5 s, 0 s, -5 s',
    ],
  },
  {
    defect: 'leaves the newest entry when it clears',
    make: database => options =>
      new (class extends MemoryBackend {
        override async clear(session: string) {
          const rows = database.sessions.get(session) ?? []
          rows.splice(0, rows.length - 1)
          return {}
        }
      })(options),
    caughtBy: [
      '[8] clear removes everything, for every reader and every way of reading',
      '[8] what is appended after a clear is kept, round after round, whoever clears and whoever appends',
    ],
  },
  {
    defect: 'clears sessions whose ids begin alike',
    make: database => options =>
      new (class extends MemoryBackend {
        override async clear(session: string) {
          for (const key of [...database.sessions.keys()].filter(key => key.startsWith(session))) database.sessions.delete(key)
          return {}
        }
      })(options),
    caughtBy: [
      '[7] clear touches its own session only',
      "[8] clear leaves no record of the session and does not touch another one's",
    ],
  },
  {
    defect: 'clears the first thousand entries only',
    make: database => options =>
      new (class extends MemoryBackend {
        override async clear(session: string) {
          database.sessions.get(session)?.splice(0, 1_000)
          if (database.sessions.get(session)?.length === 0) database.sessions.delete(session)
          return {}
        }
      })(options),
    caughtBy: ['[8] a long session is cleared in full'],
  },
  {
    defect: 'clears entry by entry, though it declares clear as atomic',
    make: database => options =>
      new (class extends MemoryBackend {
        override async clear(session: string) {
          for (const row of [...(database.sessions.get(session) ?? [])]) {
            const rows = database.sessions.get(session) ?? []
            rows.splice(rows.indexOf(row), 1)
            if (rows.length === 0) database.sessions.delete(session)
            await new Promise(resolve => setImmediate(resolve))
          }
          return {}
        }
      })(options),
    caughtBy: ['[8] a reader sees the session before the clear or after it'],
  },
  {
    defect: 'shows what has expired',
    make: () => options => new MemoryBackend(options) && new MemoryBackend(withoutTtl(options)),
    caughtBy: [
      '[9] a message is there until ttlSeconds after its append, and then no read and no listing shows it',
      '[9] each message expires by itself, in any order',
    ],
  },
  {
    defect: 'takes ttlSeconds as it comes',
    make: () => options => new MemoryBackend((options.ttlSeconds ?? 1) >= 1 ? options : withoutTtl(options)),
    caughtBy: ['[9] a ttlSeconds that is no time, or any where supports.ttl is false, is a TypeError'],
  },
  {
    defect: 'counts what has expired into a page, and ends there',
    make: database => options =>
      new (class extends MemoryBackend {
        override async read(session: string, range: ReadRange): Promise<RawSlice> {
          const rows = database.sessions.get(session) ?? []
          const lasting = new MemoryDatabase()
          lasting.sessions.set(
            session,
            rows.map(row => ({ ...row, expiresAt: undefined })),
          )
          const slice = await new MemoryBackend({ database: lasting }).read(session, range)
          const live = new Set(
            rows.filter(row => row.expiresAt === undefined || row.expiresAt > now(options)).map(row => row.position),
          )
          const entries = slice.entries.filter(entry => live.has(entry.position))
          return entries.length === slice.entries.length ? slice : { entries }
        }
      })(options),
    caughtBy: ['[9] each message expires by itself, in any order'],
  },
  {
    defect: 'counts the expiry from each attempt',
    make: database => options => {
      const memory = new MemoryBackend(options)
      const ttl = options.ttlSeconds === undefined ? undefined : BigInt(options.ttlSeconds) * 10_000_000n
      return Object.assign(memory, {
        async append(session: string, batch: Parameters<MemoryBackend['append']>[1]) {
          await MemoryBackend.prototype.append.call(memory, session, batch)
          if (ttl === undefined) return
          const rows = database.sessions.get(session) ?? []
          const renewed = rows.map(row => (row.id === batch.id ? { ...row, expiresAt: now(options) + ttl } : row))
          database.sessions.set(session, renewed)
        },
      })
    },
    caughtBy: ['[9] a repeat keeps the expiry of its append, and brings nothing back'],
  },
  {
    defect: 'says that the session expires as a whole, though each message does',
    make: supporting({ ttl: 'session' }),
    caughtBy: ['[9] the session expires as a whole, ttlSeconds after the last append'],
  },
  {
    defect: 'says that it cannot expire, but takes ttlSeconds',
    make: supporting({ ttl: false }),
    caughtBy: ['[9] a ttlSeconds that is no time, or any where supports.ttl is false, is a TypeError'],
  },
  {
    defect: 'says that it lists sessions, but has no method',
    make: () => options => Object.assign(new MemoryBackend(options), { sessions: undefined }),
    caughtBy: [
      'supports.sessions is true exactly if the backend can list sessions',
      'sessions() gives every session that holds something, each once',
    ],
  },
  {
    defect: 'says that it is durable, but each client has data of its own',
    make:
      () =>
      ({ database: _, ...options }) =>
        Object.assign(new MemoryBackend(options), { supports: { ...new MemoryBackend().supports, durable: true } }),
    caughtBy: [
      '[1] what was stored is read after every client was closed',
      '[1] append resolves with its id once every client can read the messages',
    ],
  },
  {
    defect: 'says that it is durable, but forgets when its last client is closed',
    make: database => options =>
      Object.assign(new MemoryBackend(options), {
        supports: { ...new MemoryBackend().supports, durable: true },
        close: async () => database.sessions.clear(),
      }),
    caughtBy: [
      '[1] what was stored is read after every client was closed',
      'closing one client leaves the others, and the database, as they are',
    ],
  },
  {
    defect: 'leaves out an ability, and declares a negative limit',
    make: supporting({ maxDepth: -1, idempotency: { forSeconds: 0 } }),
    caughtBy: ['supports names every ability, with a value in range'],
  },
]
