import { type EncodedBatch, MemoryBackend } from '@hist/core'
import { type Broken, between, hexOf, TICKS_PER_SECOND, ticksOf, withMemory, withTicks } from './broken-backend.js'

export const brokenWrites: Broken[] = [
  {
    defect: 'drops the last message of a batch',
    make: between(() => ({
      append: (next, batch) => next({ ...batch, bodies: batch.bodies.slice(0, Math.max(1, batch.bodies.length - 1)) }),
    })),
    caughtBy: [
      '[1] append resolves with its id once every client can read the messages',
      '[2] the messages of one append are adjacent and in the order given',
      'every kind of message comes back as it was given',
    ],
  },
  {
    defect: 'drops an append of a moment that another append has taken',
    make: database => options =>
      withMemory(options, (session, batch) => {
        const taken = database.sessions
          .get(session)
          ?.some(row => row.id !== batch.id && row.id.slice(0, 18) === batch.id.slice(0, 18))
        return taken ? undefined : batch
      }),
    caughtBy: [
      '[3] writers whose clocks stand still at the same moment overwrite nothing and keep their own order',
      '[2] appends of writers whose clocks stand still at the same moment are never torn apart',
    ],
  },
  {
    defect: 'overwrites what was appended at the same moment',
    make: database => options =>
      withMemory(options, (session, batch) => {
        const rows = database.sessions.get(session) ?? []
        const other = rows.filter(row => row.id === batch.id || row.id.slice(0, 18) !== batch.id.slice(0, 18))
        database.sessions.set(session, other)
        return batch
      }),
    caughtBy: [
      '[3] writers whose clocks stand still at the same moment overwrite nothing and keep their own order',
      '[3] all readers see one order, in both directions and in pages of any size',
    ],
  },
  {
    defect: 'reverses the messages of one append',
    make: between(() => ({ append: (next, batch) => next({ ...batch, bodies: [...batch.bodies].reverse() }) })),
    caughtBy: [
      '[2] the messages of one append are adjacent and in the order given',
      '[2] appends of several writers at once are never torn apart',
    ],
  },
  {
    defect: 'orders by the second, and within it by chance',
    make: between(() => ({
      append: (next, batch) => next(withTicks(batch, ticksOf(batch) - (ticksOf(batch) % TICKS_PER_SECOND), hexOf(batch.id))),
    })),
    caughtBy: [
      '[3] appends that nobody awaits are stored in call order',
      '[3] an append that has seen a message sorts after it, whoever wrote it',
    ],
  },
  {
    defect: 'orders by its own clock, which is milliseconds, not by the id',
    make: () => {
      const moments = new Map<string, bigint>()
      return options =>
        withMemory(options, (_session, batch) => {
          const moment = moments.get(batch.id) ?? BigInt(Date.now()) * 10_000n
          moments.set(batch.id, moment)
          return withTicks(batch, moment, hexOf(batch.id))
        })
    },
    caughtBy: [
      '[3] appends that nobody awaits are stored in call order',
      '[3] an append that has seen a message sorts after it, whoever wrote it',
    ],
  },
  {
    defect: 'gives each message of an append a tick of its own',
    make: () => options =>
      new (class extends MemoryBackend {
        override async append(session: string, batch: EncodedBatch) {
          for (const [index, body] of batch.bodies.entries()) {
            const place = batch.firstIndex + index
            await super.append(
              session,
              withTicks({ ...batch, firstIndex: place, bodies: [body] }, ticksOf(batch) + BigInt(place)),
            )
          }
        }
      })(options),
    caughtBy: ['[2] appends of writers whose clocks stand still at the same moment are never torn apart'],
  },
  {
    defect: 'stores the messages of one append one after the other',
    make: () => options =>
      new (class extends MemoryBackend {
        override async append(session: string, batch: EncodedBatch) {
          for (const [index, body] of batch.bodies.entries()) {
            await super.append(session, { ...batch, firstIndex: batch.firstIndex + index, bodies: [body] })
            await new Promise(setImmediate)
          }
        }
      })(options),
    caughtBy: ['[2] whoever reads while others append sees each append whole or not at all'],
  },
  {
    defect: 'reads the session, adds to it and writes it back',
    make: database => options =>
      new (class extends MemoryBackend {
        override async append(session: string, batch: EncodedBatch) {
          const before = [...(database.sessions.get(session) ?? [])]
          await new Promise(setImmediate)
          database.sessions.set(session, before)
          await super.append(session, batch)
        }
      })(options),
    caughtBy: [
      '[4] two clients that append at once lose nothing',
      "[1] five new clients whose first calls run at once set up without getting in each other's way",
    ],
  },
  {
    defect: 'acknowledges before it has stored',
    make: between(() => ({
      append: async next => {
        setTimeout(next, 2)
      },
    })),
    caughtBy: [
      '[1] append resolves with its id once every client can read the messages',
      '[1] an acknowledged append is in the database, each message once',
    ],
  },
  {
    defect: 'swallows the refusal of the server',
    make: between(() => ({
      append: async (next, batch) => {
        try {
          if (batch.bodies.some(body => body.length > 65_536)) throw new Error('value too large')
          await next()
        } catch {
          // Nobody hears of it: the defect.
        }
      },
    })),
    caughtBy: [
      'any text comes back exactly: empty, NUL, lone surrogates, line separators, both Unicode normal forms',
      '[6] the largest message (4 MiB at most) is stored and read, among others',
    ],
  },
  {
    defect: 'fails when two clients create the table at the same time',
    make: () => {
      let table: 'missing' | 'coming' | 'there' = 'missing'
      return options =>
        new (class extends MemoryBackend {
          override async append(...[session, batch]: Parameters<MemoryBackend['append']>) {
            if (table === 'coming') throw new Error('table already exists')
            if (table === 'missing') {
              table = 'coming'
              await new Promise(setImmediate)
              table = 'there'
            }
            await super.append(session, batch)
          }
        })(options)
    },
    caughtBy: ["[1] five new clients whose first calls run at once set up without getting in each other's way"],
  },
  {
    defect: 'loses characters outside the basic plane',
    make: between(() => ({
      append: (next, batch) =>
        next({ ...batch, bodies: batch.bodies.map(body => body.replace(/[\u{10000}-\u{10FFFF}]/gu, '?')) }),
    })),
    caughtBy: ['any text comes back exactly: empty, NUL, lone surrogates, line separators, both Unicode normal forms'],
  },
  {
    defect: 'takes the texts apart and loses __proto__ and numbers beyond 38 digits',
    make: between(() => ({
      append: (next, batch) => next({ ...batch, bodies: batch.bodies.map(body => JSON.stringify(copied(JSON.parse(body)))) }),
    })),
    caughtBy: ['any field name is data, __proto__ too, and no prototype is touched', 'numbers come back exactly'],
  },
  {
    defect: 'says it takes larger messages than it does',
    make: between(() => ({
      append: (next, batch) =>
        next({ ...batch, bodies: batch.bodies.map(body => (body.length > 1_000_000 ? body.slice(0, 1_000_000) : body)) }),
    })),
    caughtBy: ['[6] the largest message (4 MiB at most) is stored and read, among others'],
  },
]

/** What a marshaller with plain assignment and a number type of its own makes of a value. */
function copied(value: unknown): unknown {
  if (typeof value === 'number') return Math.abs(value) > 1e126 || (value !== 0 && Math.abs(value) < 1e-130) ? 0 : value
  if (Array.isArray(value)) return value.map(copied)
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) copy[key] = copied(member)
  return copy
}
