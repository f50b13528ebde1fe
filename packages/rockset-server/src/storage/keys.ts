import type { Scalar } from '../documents.js'
import { encodeNumber, numberLength } from './number-key.js'
import type { KeyRange } from './store.js'

// Keys are sequences of parts whose bytes sort as the values do: types in the order boolean, number, string; numbers by value, exactly; strings
// by UTF-16 code unit, as JavaScript compares them. No part is the beginning of another, and none starts with 0xfe or 0xff.
const types = { boolean: 1, number: 2, string: 3 } as const
type KeyType = keyof typeof types

/** Longer strings are cut in the index, and marked as cut. The documents themselves and their ids are not cut. */
export const longestIndexedString = 500
const end = 0x00
const escapedNul = 0xff
const cut = 0xfe

export function typeOf(value: unknown): KeyType | undefined {
  const type = typeof value === 'bigint' ? 'number' : typeof value
  return type in types ? (type as KeyType) : undefined
}

export function isScalar(value: unknown): value is Scalar {
  return typeOf(value) !== undefined
}

export function isCut(value: Scalar): boolean {
  return typeof value === 'string' && value.length > longestIndexedString
}

export function encodeScalar(value: Scalar): Uint8Array {
  if (typeof value === 'boolean') return Buffer.of(types.boolean, value ? 1 : 0)
  if (typeof value !== 'string') return Buffer.concat([Buffer.of(types.number), encodeNumber(value)])
  if (!isCut(value)) return Buffer.concat([Buffer.of(types.string), encodeText(value)])
  return Buffer.concat([Buffer.of(types.string), encodeText(value.slice(0, longestIndexedString)), Buffer.of(cut)])
}

export function encodeText(text: string): Uint8Array {
  return Buffer.concat([escapeNul(encodeCodeUnits(text)), Buffer.of(end)])
}

/** @param value A positive integer below 2^48. */
export function encodeCount(value: number): Uint8Array {
  const bytes = Buffer.alloc(6)
  bytes.writeUIntBE(value, 0, 6)
  return bytes
}

export function joinParts(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}

/** All keys that go on after this beginning; cut strings after a whole one that is equal to their beginning not among them. */
export function under(beginning: Uint8Array): KeyRange {
  return { from: beginning, before: after(beginning) }
}

/** The first place after all keys with this beginning. */
export function after(beginning: Uint8Array): Uint8Array {
  return Buffer.concat([beginning, Buffer.of(cut)])
}

/** Where the values of a type begin and end. */
export function typeRange(beginning: Uint8Array, type: KeyType): KeyRange {
  return {
    from: Buffer.concat([beginning, Buffer.of(types[type])]),
    before: Buffer.concat([beginning, Buffer.of(types[type] + 1)]),
  }
}

/** Where the part after a scalar starts, and whether the scalar was cut. */
export function skipScalar(key: Uint8Array, start: number): { readonly next: number; readonly isCut: boolean } {
  if (key[start] === types.boolean) return { next: start + 2, isCut: false }
  if (key[start] === types.number) return { next: start + 1 + numberLength(key, start + 1), isCut: false }
  const next = skipText(key, start + 1)
  return key[next] === cut ? { next: next + 1, isCut: true } : { next, isCut: false }
}

function skipText(key: Uint8Array, start: number): number {
  for (let position = start; position < key.length; position += 1) {
    if (key[position] !== end) continue
    if (key[position + 1] !== escapedNul) return position + 1
    position += 1
  }
  throw new Error('a key in the index is damaged')
}

/** UTF-8, but each surrogate by itself (CESU-8): unpaired ones survive, and bytes sort as code units do. */
function encodeCodeUnits(text: string): Uint8Array {
  if (!/[\ud800-\udfff]/.test(text)) return Buffer.from(text)
  const pieces = text.split(/([\ud800-\udfff])/).map((piece, index) => {
    if (index % 2 === 0) return Buffer.from(piece)
    const unit = piece.charCodeAt(0)
    return Buffer.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f))
  })
  return Buffer.concat(pieces)
}

function escapeNul(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(0)) return bytes
  const escaped: number[] = []
  for (const byte of bytes) byte === 0 ? escaped.push(0, escapedNul) : escaped.push(byte)
  return Uint8Array.from(escaped)
}
