import type { AppendId, EncodedBatch } from '@hist/core'
import { millisecondsOf } from '@hist/core/backend'
import { corrupt } from '../errors.js'
import type { ItemsSettings } from '../options.js'
import type { Item } from '../table.js'
import { compress, decompress } from './compression.js'
import { HEAD } from './sort-key.js'

/*
 * One item for each append, its head:
 *
 *   n  N   number of messages. 0 is reserved: an entry that was removed
 *   and one of
 *   b  L   of S: a JSON text for each message
 *   z  B   the JSON texts, joined by newlines
 *   p  N   number of parts that hold such a blob, written by attempt a (S)
 *   c  S   'gzip' if z or the parts are compressed
 *
 * and the time of expiry, if any. A part holds a slice of the blob in z.
 */

/** Bytes of a part's slice, and of a head that is not split: with the longest session id an item stays far below the 409,600 allowed. */
export const SLICE_BYTES = 399_360
/** A write costs one unit for each begun KiB. */
const UNIT_BYTES = 1_024
const NEWLINE = 0x0a
const GZIP = 'gzip'

/** A head ready to be put, but for the number of its attempt; and what its parts hold, if it has any. */
export interface EncodedItem {
  readonly head: Item
  readonly parts: readonly Buffer[]
}

/** Everything in it derives from the batch, so that a repeat writes the same. */
export async function encodeItem(settings: ItemsSettings, session: string, batch: EncodedBatch): Promise<EncodedItem> {
  const { bodies } = batch
  const head: Item = {
    [settings.primaryKeyName]: { S: session },
    [settings.sortKeyName]: { S: HEAD + batch.id },
    n: { N: String(bodies.length) },
    ...expiry(settings, batch.id),
  }
  const textBytes = bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0)
  const frameBytes = itemBytes(head)
  const plainBytes = frameBytes + 1 + 3 + bodies.length + textBytes
  const fits = plainBytes <= SLICE_BYTES
  const plain = { ...head, b: { L: bodies.map(body => ({ S: body })) } }
  const tryGzip = settings.compress && plainBytes > UNIT_BYTES
  if (fits && !tryGzip) return { head: plain, parts: [] }

  const blob = joinBodies(bodies, textBytes)
  const zipped = tryGzip ? await compress(blob) : blob
  const zippedBytes = frameBytes + 1 + zipped.length + 1 + GZIP.length
  if (tryGzip && zippedBytes <= SLICE_BYTES && (!fits || units(zippedBytes) < units(plainBytes))) {
    return { head: { ...head, z: { B: zipped }, c: { S: GZIP } }, parts: [] }
  }
  if (fits) return { head: plain, parts: [] }

  const fewer = sliceCount(zipped) < sliceCount(blob)
  const parts = slices(fewer ? zipped : blob)
  return { head: { ...head, p: { N: String(parts.length) }, ...(fewer ? { c: { S: GZIP } } : {}) }, parts }
}

/** The attribute of expiry: the same on a head and on its parts. */
export function expiry({ ttlSeconds, ttlKeyName }: ItemsSettings, id: AppendId): Item {
  return ttlSeconds === undefined ? {} : { [ttlKeyName]: { N: String(Math.floor(millisecondsOf(id) / 1_000) + ttlSeconds) } }
}

/** Size as DynamoDB counts it: UTF-8 bytes of each name, and of its value. Source: section "Item sizes" of the developer guide. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0)
}

function valueBytes(value: Item[string]): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S)
  if (value.B !== undefined) return value.B.length
  if (value.N !== undefined)
    return Math.ceil(value.N.replace(/^-?0*|\.|0+$/g, '').length / 2) + 1 + (value.N.startsWith('-') ? 1 : 0)
  if (value.L !== undefined) return value.L.reduce((sum, element) => sum + 1 + valueBytes(element), 3)
  return 1
}

function units(bytes: number): number {
  return Math.ceil(bytes / UNIT_BYTES)
}

function sliceCount(blob: Uint8Array): number {
  return Math.ceil(blob.length / SLICE_BYTES)
}

function slices(blob: Buffer): Buffer[] {
  return Array.from({ length: sliceCount(blob) }, (_, index) => blob.subarray(index * SLICE_BYTES, (index + 1) * SLICE_BYTES))
}

/** A JSON text holds no raw newline. */
function joinBodies(bodies: readonly string[], textBytes: number): Buffer {
  const blob = Buffer.allocUnsafe(textBytes + bodies.length - 1)
  let offset = 0
  for (const body of bodies) {
    if (offset > 0) offset = blob.writeUInt8(NEWLINE, offset)
    offset += blob.write(body, offset)
  }
  return blob
}

/** Body by body: a string of all of them may be longer than strings can be. */
function splitBodies(blob: Buffer): string[] {
  const bodies: string[] = []
  for (let start = 0; start <= blob.length; ) {
    const newline = blob.indexOf(NEWLINE, start)
    const end = newline < 0 ? blob.length : newline
    bodies.push(blob.toString('utf8', start, end))
    start = end + 1
  }
  return bodies
}

/** What a head says about its messages. */
export type Payload = { readonly bodies: readonly string[] } | { readonly parts: PartsOfHead }

export interface PartsOfHead {
  readonly attempt: string
  readonly count: number
  readonly messages: number
  readonly compression: string | undefined
}

/** @throws HistoryError `CORRUPT_ENTRY` if the head cannot be read */
export async function decodeHead(head: Item): Promise<Payload> {
  const messages = Number(head.n?.N)
  if (messages === 0) return { bodies: [] }
  const compression = head.c?.S
  if (head.b?.L !== undefined) return { bodies: countedBodies(head.b.L.map(textOf), messages) }
  if (head.z?.B !== undefined) return { bodies: await decodeBlob(head.z.B, compression, messages) }
  const [count, attempt] = [Number(head.p?.N), head.a?.S]
  if (!(count > 0) || attempt === undefined) throw corrupt('it has none of the attributes b, z and p')
  return { parts: { attempt, count, messages, compression } }
}

/** @throws HistoryError `CORRUPT_ENTRY` if the blob cannot be read */
export async function decodeBlob(blob: Uint8Array, compression: string | undefined, messages: number): Promise<string[]> {
  if (compression !== undefined && compression !== GZIP)
    throw corrupt(`it is compressed by '${compression}', which this version does not know`)
  return countedBodies(splitBodies(compression === undefined ? Buffer.from(blob) : await inflate(blob)), messages)
}

async function inflate(blob: Uint8Array): Promise<Buffer> {
  try {
    return await decompress(blob)
  } catch (cause) {
    throw corrupt('it cannot be decompressed', cause)
  }
}

function textOf(value: Item[string]): string {
  if (value.S === undefined) throw corrupt('its attribute b holds something other than text')
  return value.S
}

function countedBodies(bodies: string[], messages: number): string[] {
  if (bodies.length !== messages) throw corrupt(`it says that it holds ${messages} messages, but holds ${bodies.length}`)
  return bodies
}
