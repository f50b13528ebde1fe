import { argumentError, type EncodedBatch, HistoryError, type RawEntry } from '@hist/core'
import { ticksOf } from '@hist/core/backend'
import { stringifyExact } from './json.js'
import type { CollectionSettings } from './options.js'

/** What the codec makes: `type`, `data`, and `hist`, which other readers ignore. */
export interface Row {
  readonly data: Readonly<Record<string, unknown>>
  readonly hist: Readonly<Record<string, unknown>>
}

const APPEND_ID = /^\d{18}-[0-9a-f]{16}$/

/** By the list of bodies, which is the same in every attempt of an append: a repeat writes the same. */
const givenIds = new WeakMap<readonly string[], readonly (string | number)[]>()

/** The rows of a batch as they are stored. */
export function rowsOf(batch: EncodedBatch, settings: CollectionSettings): Row[] {
  const rows = batch.bodies.map(body => JSON.parse(body) as Row)
  const ids = messageIds(batch, settings)
  if (ids === undefined) return rows
  return rows.map((row, index) => {
    const kwargs = Object(row.data.additional_kwargs) as object
    return { ...row, data: { ...row.data, additional_kwargs: { ...kwargs, id: ids[index] } } }
  })
}

function messageIds(batch: EncodedBatch, settings: CollectionSettings): readonly (string | number)[] | undefined {
  const { sync, messageUuidMethod } = settings
  if (messageUuidMethod === undefined) {
    return sync ? batch.bodies.map((_, index) => `${batch.id}-${batch.firstIndex + index}`) : undefined
  }
  const ids = givenIds.get(batch.bodies) ?? batch.bodies.map(() => givenId(messageUuidMethod, batch))
  givenIds.set(batch.bodies, ids)
  return ids
}

function givenId(messageUuidMethod: () => unknown, { firstIndex }: EncodedBatch): string | number {
  const id = called(messageUuidMethod)
  if (typeof id === 'string' || (typeof id === 'number' && Number.isFinite(id))) return id
  const text = '@hist/rockset: messageUuidMethod must return a text or a finite number'
  // Behind the first messages of a long append, which are stored, an error has to have an outcome.
  throw firstIndex === 0 ? argumentError(text) : new HistoryError(text, { code: 'INVALID_CONFIGURATION' })
}

function called(messageUuidMethod: () => unknown): unknown {
  try {
    return messageUuidMethod()
  } catch (cause) {
    throw new HistoryError('Rockset: messageUuidMethod failed', { code: 'UNKNOWN', outcome: 'failed', cause })
  }
}

/** With `hist.a`, the append, and `hist.i`, the message's index in it. */
export function marked(row: Row, append: string, index: number): Row {
  return { ...row, hist: { ...row.hist, a: append, i: index } }
}

/** Text and time of a stored row, without the marks. */
export function entryOf(row: unknown): Pick<RawEntry, 'body' | 'ticks'> {
  const { hist } = Object(row) as Partial<Row>
  if (typeof hist !== 'object' || hist === null || Array.isArray(hist)) return { body: stringifyExact(row) ?? '' }
  const { a, i, ...others } = hist
  const body = stringifyExact({ ...(row as Row), hist: others })
  return isAppendId(a) ? { body, ticks: ticksOf(a) } : { body }
}

export function isAppendId(value: unknown): value is string {
  return typeof value === 'string' && APPEND_ID.test(value)
}
