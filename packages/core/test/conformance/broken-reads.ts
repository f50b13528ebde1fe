import { MemoryBackend, type RawSlice, type ReadRange, type SessionSlice } from '@hist/core'
import { type Broken, between, renaming } from './broken-backend.js'

export const brokenReads: Broken[] = [
  {
    defect: 'gives one page and never says that more follows',
    make: between(() => ({ read: async next => ({ entries: (await next()).entries }) })),
    caughtBy: [
      '[5] a long session is read in full and in order',
      '[5] iteration 2 at a time over entries of one moment meets each exactly once, from an entry too',
    ],
  },
  {
    defect: 'caps a page without saying so',
    make: between(() => ({
      read: async (next, range) => {
        const slice = await next()
        return range.limit !== undefined && range.limit > 100 ? { entries: slice.entries.slice(0, 100) } : slice
      },
    })),
    caughtBy: [
      '[5] a window may be as large as the session',
      '[5] a long session is paged from the newest page to the oldest and back',
    ],
  },
  {
    defect: 'includes from itself',
    make: () => options =>
      new (class extends MemoryBackend {
        override async read(session: string, range: ReadRange): Promise<RawSlice> {
          const slice = await super.read(session, range)
          if (range.from === undefined) return slice
          const whole = await super.read(session, { order: range.order })
          const from = whole.entries.find(entry => entry.position === range.from)
          const entries = [...(from === undefined ? [] : [from]), ...slice.entries].slice(0, range.limit)
          const next = entries.at(-1)?.position
          return next === range.from || slice.entries.length === 0 || next === undefined ? { entries } : { entries, next }
        }
      })(options),
    caughtBy: [
      'page: every entry id is a cursor, exclusive in both directions',
      '[5] pages of 2 over entries of one moment meet each exactly once, back and forth',
    ],
  },
  {
    defect: 'goes on behind a moment, not behind an entry',
    make: () => options =>
      new (class extends MemoryBackend {
        override async read(session: string, range: ReadRange): Promise<RawSlice> {
          const { from } = range
          if (from === undefined) return super.read(session, range)
          const edge =
            range.order === 'oldest-first'
              ? `${from.slice(0, 18)}-3fffffffffffffff#99999`
              : `${from.slice(0, 18)}-0000000000000000#00000`
          return super.read(session, { ...range, from: edge })
        }
      })(options),
    caughtBy: [
      '[5] pages of 1 over entries of one moment meet each exactly once, back and forth',
      '[5] iteration 3 at a time over entries of one moment meets each exactly once, from an entry too',
    ],
  },
  {
    defect: 'takes the oldest and turns them round when asked for the newest',
    make: () => options =>
      new (class extends MemoryBackend {
        override async read(session: string, range: ReadRange): Promise<RawSlice> {
          if (range.order === 'oldest-first' || range.from !== undefined) return super.read(session, range)
          const slice = await super.read(session, { ...range, order: 'oldest-first' })
          return { ...slice, entries: [...slice.entries].reverse() }
        }
      })(options),
    caughtBy: [
      'messages: last gives the newest so many, oldest first; all if there are fewer',
      'page: without a cursor the newest entries, oldest first, with older but without newer',
    ],
  },
  {
    defect: 'leaves the messages of one moment in forward order when it reads newest first',
    make: () => options =>
      new (class extends MemoryBackend {
        override async read(session: string, range: ReadRange): Promise<RawSlice> {
          const slice = await super.read(session, range)
          if (range.order === 'oldest-first') return slice
          const place = (ticks?: bigint) => slice.entries.findIndex(entry => entry.ticks === ticks)
          const entries = [...slice.entries].sort((a, b) => place(a.ticks) - place(b.ticks) || (a.position < b.position ? -1 : 1))
          return { ...slice, entries }
        }
      })(options),
    caughtBy: [
      'messages: last counts messages, also within appends of several',
      '[3] all readers see one order, in both directions and in pages of any size',
    ],
  },
  {
    defect: 'gives more than was asked for',
    make: between(() => ({
      read: (next, range) => next(range.limit === undefined ? range : { ...range, limit: range.limit + 1 }),
    })),
    caughtBy: ['[5] a long session is iterated both ways, each message once, in pages of constant size'],
  },
  {
    defect: 'reads a session in full to give its end',
    make: () => options =>
      new (class extends MemoryBackend {
        override async read(session: string, { limit = 1_000, ...range }: ReadRange): Promise<RawSlice> {
          if (range.order === 'oldest-first' || range.from !== undefined) return super.read(session, { ...range, limit })
          // Newest first it walks forward in pages of 500 and hands on nothing until the last of them.
          const all: RawSlice['entries'][number][] = []
          let from: string | undefined
          do {
            const slice = await super.read(session, {
              order: 'oldest-first',
              limit: 500,
              ...(from === undefined ? {} : { from }),
            })
            all.push(...slice.entries)
            from = slice.next
          } while (from !== undefined && all.length < 5_000)
          const entries = all.reverse().slice(0, limit)
          const next = entries.at(-1)?.position
          return next === undefined || entries.length === all.length ? { entries } : { entries, next }
        }
      })(options),
    caughtBy: ['messages: the newest 20 of a long session cost as many reads as those of a short one'],
  },
  {
    defect: 'hands out again what it has read before',
    make: () => options => {
      const cache = new Map<string, RawSlice>()
      return new (class extends MemoryBackend {
        override async read(session: string, range: ReadRange): Promise<RawSlice> {
          const key = JSON.stringify([session, range])
          const slice = cache.get(key) ?? (await super.read(session, range))
          if (slice.entries.length > 0) cache.set(key, slice)
          return slice
        }
      })(options)
    },
    caughtBy: [
      '[3] an append that has seen a message sorts after it, whoever wrote it',
      '[8] what is appended after a clear is kept, round after round, whoever clears and whoever appends',
    ],
  },
  {
    defect: 'gives ticks in microseconds',
    make: between(() => ({
      read: async next => {
        const slice = await next()
        return { ...slice, entries: slice.entries.map(entry => ({ ...entry, ticks: (entry.ticks ?? 0n) / 10n })) }
      },
    })),
    caughtBy: [
      "createdAt is the time of the append by its writer's clock, or absent throughout",
      "[3] an append that has seen a message sorts after it, though its clock is 5 s behind the writer's",
    ],
  },
  {
    defect: 'gives no ticks, though it orders by id',
    make: between(() => ({
      read: async next => {
        const slice = await next()
        return { ...slice, entries: slice.entries.map(({ position, body }) => ({ position, body })) }
      },
    })),
    caughtBy: ["[3] an append that has seen a message sorts after it, though its clock is 5 s behind the writer's"],
  },
  {
    defect: 'mixes sessions whose ids begin alike',
    make: database => options =>
      new (class extends MemoryBackend {
        override async read(session: string, range: ReadRange): Promise<RawSlice> {
          const alike = [...database.sessions.keys()].filter(key => key.startsWith(session))
          const slices = await Promise.all(alike.map(key => super.read(key, range)))
          const entries = slices.flatMap(slice => slice.entries)
          return { entries }
        }
      })(options),
    caughtBy: ['[7] a session id may be any text up to 1,024 bytes, and each is a session of its own'],
  },
  {
    defect: 'folds the case of session ids',
    make: renaming(session => session.toLowerCase()),
    caughtBy: ['[7] a session id may be any text up to 1,024 bytes, and each is a session of its own'],
  },
  {
    defect: 'normalises the Unicode of session ids',
    make: renaming(session => session.normalize('NFC')),
    caughtBy: ['[7] a session id may be any text up to 1,024 bytes, and each is a session of its own'],
  },
  {
    defect: 'ends session ids at NUL, or cuts them, or trims them',
    make: renaming(session => session.replace(/\0.*$/s, '').slice(0, 255).trim()),
    caughtBy: ['[7] a session id may be any text up to 1,024 bytes, and each is a session of its own'],
  },
  {
    defect: 'keeps sessions in a plain object',
    make: () => {
      const known: Record<string, number> = {}
      return options =>
        new (class extends MemoryBackend {
          override async append(...[session, batch]: Parameters<MemoryBackend['append']>) {
            if (typeof known[session] === 'function') return
            known[session] = 1
            await super.append(session, batch)
          }
        })(options)
    },
    caughtBy: ['[7] a session id may be any text up to 1,024 bytes, and each is a session of its own'],
  },
  {
    defect: 'lists the first ten sessions only',
    make: between(() => ({ sessions: async next => ({ sessions: (await next()).sessions.slice(0, 10) }) })),
    caughtBy: ['sessions() gives every session that holds something, each once'],
  },
  {
    defect: 'takes a prefix for a pattern',
    make: () => options =>
      new (class extends MemoryBackend {
        override async sessions({ prefix = '' }: { prefix?: string }): Promise<SessionSlice> {
          const { sessions } = await super.sessions({})
          const pattern = new RegExp(
            `^${prefix
              .replace(/[.+^${}()|[\]\\]/g, '\\$&')
              .replace(/[%*]/g, '.*')
              .replace(/\?/g, '.')}`,
            's',
          )
          return { sessions: sessions.filter(session => pattern.test(session)) }
        }
      })(options),
    caughtBy: ['[7] sessions() gives every id exactly as it was, and a prefix is taken literally'],
  },
  {
    defect: 'lists sessions that were cleared',
    make: () => {
      const known = new Set<string>()
      return options =>
        new (class extends MemoryBackend {
          override async append(...[session, batch]: Parameters<MemoryBackend['append']>) {
            known.add(session)
            await super.append(session, batch)
          }
          override async sessions({ prefix = '' }: { prefix?: string }): Promise<SessionSlice> {
            return { sessions: [...known].filter(session => session.startsWith(prefix)) }
          }
        })(options)
    },
    caughtBy: [
      'sessions() leaves out what was cleared, and sessions of which nothing was ever stored',
      '[9] a message is there until ttlSeconds after its append, and then no read and no listing shows it',
    ],
  },
]
