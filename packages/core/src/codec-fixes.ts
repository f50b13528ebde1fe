import type { Note } from './codec-read.js'
import type { Fix, FixPath } from './message.js'
import { type Fields, isFields, setOwn } from './message-form.js'

/*
 * A fix is `[path, kind, argument?]`, the path counted from `data`. Those of shape (`put`, `del`) come first, in their order, and give the
 * JSON the form it had; then those of value, deepest path first, turn JSON into what it stands for.
 *
 * | kind | JSON | comes back as | argument |
 * |---|---|---|---|
 * | `put` | a form of the field that Python takes, or nothing | the argument | the JSON that was there |
 * | `del` | what Python asks for; `null` for a hole in an array | nothing | |
 * | `num` | `null`, `0` | `NaN`, `Infinity`, `-Infinity`, `-0` | its text |
 * | `undef` | `null` | `undefined` | |
 * | `bigint` | digits | bigint | |
 * | `date` | ISO text; `null` if invalid | Date | |
 * | `map`, `set` | list of pairs, list | Map, Set | |
 * | `u8`, `buf`, `ab` | base64 | Uint8Array, Buffer, ArrayBuffer | |
 * | `url`, `re` | href, source | URL, RegExp | `re`: flags |
 * | `err` | `{ name, message }` | Error | |
 * | `msg` | `{ type, data }` | a message inside a value: left to `fromStoredMessage` | |
 */

/** The fixes in a list, which is whatever a row holds. */
export function fixesOf(list: unknown): Fix[] {
  return Array.isArray(list) ? list.filter(isFix) : []
}

function isFix(fix: unknown): fix is Fix {
  if (!Array.isArray(fix) || !Array.isArray(fix[0]) || fix[0].length === 0) return false
  return fix[0].every(step => typeof step === 'string' || typeof step === 'number')
}

/**
 * Turns parsed JSON into the values it stands for, in place. A fix whose path is gone, because somebody edited the row, is skipped.
 * Returns the `msg` fixes, which stay on the message.
 */
export function applyFixes(data: Fields, list: unknown, note: Note): Fix[] {
  const fixes = fixesOf(list)
  for (const [path, kind, argument] of fixes) {
    const { holder, key } = slotAt(data, path)
    if (kind === 'put') setOwn(holder, key, argument)
    if (kind === 'del') delete holder[key]
  }
  const nested = fixes.filter(([, kind]) => kind === 'msg')
  for (const [path, kind, argument] of fixes.sort((one, other) => other[0].length - one[0].length)) {
    const { holder, key } = slotAt(data, path)
    if (!Object.hasOwn(holder, key) || SHAPES.has(kind)) continue
    const revive = REVIVERS.get(kind)
    if (revive === undefined) note('NEWER_FORMAT', 'unknown value')
    else setOwn(holder, key, revived(revive, holder[key], argument))
  }
  return nested
}

/**
 * What holds the last step of a path, and that step. Own members only: no path leads to a prototype or to an array's length. For a path
 * that is gone, the holder is an empty object that nobody else has.
 */
function slotAt(data: Fields, path: FixPath): { holder: Fields; key: string } {
  const key = path[path.length - 1] as string
  let holder: unknown = data
  for (const step of path.slice(0, -1)) {
    holder = typeof holder === 'object' && holder !== null && Object.hasOwn(holder, step) ? (holder as Fields)[step] : undefined
  }
  const there = Array.isArray(holder) ? typeof key === 'number' && Object.hasOwn(holder, key) : isFields(holder)
  return { holder: there ? (holder as Fields) : {}, key }
}

const SHAPES = new Set(['put', 'del', 'msg'])

type Revive = (json: never, argument: never) => unknown

/** Classes of which JSON knows nothing: how they are written, and made again. */
const CLASSES: [name: string, kind: string, write: (value: never) => unknown, revive: Revive][] = [
  ['Date', 'date', (date: Date) => date.toJSON(), dateOf],
  ['URL', 'url', String, (href: string) => new URL(href)],
  ['Map', 'map', listOf, (pairs: [unknown, unknown][]) => new Map(pairs)],
  ['Set', 'set', listOf, (members: unknown[]) => new Set(members)],
  ['Uint8Array', 'u8', base64Of, bytesOf],
  ['ArrayBuffer', 'ab', (value: ArrayBuffer) => base64Of(new Uint8Array(value)), (base64: string) => bytesOf(base64).buffer],
  ['RegExp', 're', ({ source }: RegExp) => source, (source: string, flags: string) => new RegExp(source, flags)],
  ['Error', 'err', ({ name, message }: Error) => ({ name, message }), errorOf],
]

/** By their `Object.prototype.toString`, which is the same in every realm. */
export const EXACT_CLASSES = new Map(CLASSES.map(([name, kind, write]) => [name, { kind, write }]))

const REVIVERS = new Map<string, Revive>([
  ['num', (json: unknown, text: string) => json || Number(text)],
  ['undef', (json: unknown) => json ?? undefined],
  ['bigint', (digits: string) => BigInt(digits)],
  ['buf', bufferOf],
  ...CLASSES.map(([, kind, , revive]): [string, Revive] => [kind, revive]),
])

function listOf(value: Iterable<unknown>): unknown[] {
  return [...value]
}

/** Throws for what is not a date. */
function dateOf(text: string | null): Date {
  return new Date(text === null ? Number.NaN : new Date(text).toISOString())
}

/** Of any view. */
function base64Of({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}

/** JSON of another form than the kind's was edited by somebody: it stays as it is. */
function revived(revive: Revive, json: unknown, argument: unknown): unknown {
  try {
    return revive(json as never, argument as never)
  } catch {
    return json
  }
}

/** Of text only: Node would make a Buffer of any `length` that an object claims. */
function bufferOf(base64: unknown): Buffer {
  return Buffer.from(String(base64), 'base64')
}

/** In memory of their own: short Buffers share one. */
function bytesOf(base64: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bufferOf(base64))
}

/** The language's own classes only. Without a stack: that of the reader would mislead. */
function errorOf({ name, message }: Error): Error {
  const Class: ErrorConstructor = /^(Eval|Range|Reference|Syntax|Type|URI)Error$/.test(name)
    ? Reflect.get(globalThis, name)
    : Error
  const error = new Class(message)
  if (error.name !== name) error.name = name
  error.stack = `${name}: ${message}`
  return error
}
