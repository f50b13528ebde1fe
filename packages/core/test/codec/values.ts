import assert from 'node:assert/strict'
import fc from 'fast-check'
import { decodeMessage, type EncodeOptions, encodeMessage } from '../../src/codec.js'
import type { StoredMessage } from '../../src/message.js'
import type { HistoryWarning } from '../../src/warning.js'

export type Fields = Record<string, unknown>

/** A stored message with whatever fields. */
export function stored(type: string, data: object, hist?: object): StoredMessage {
  return (hist === undefined ? { type, data } : { type, data, hist }) as StoredMessage
}

export function human(kwargs: unknown): StoredMessage {
  return stored('human', { content: 'x', additional_kwargs: kwargs })
}

/** Equal in everything: class, `-0`, holes, absent and undefined, and the order of keys. */
export function exactly(actual: unknown, expected: unknown): void {
  assert.deepEqual(picture(actual), picture(expected))
}

/** The same but for the order of keys. */
export function exactlyInAnyOrder(actual: unknown, expected: unknown): void {
  assert.deepEqual(picture(actual, true), picture(expected, true))
}

/** Everything that tells one value from another, as plain lists of text. */
function picture(value: unknown, sorted = false): unknown {
  if (typeof value === 'function') throw new Error('a function in a test value')
  if (typeof value !== 'object') return `${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`
  if (value === null) return 'null'
  const again = (inner: unknown) => picture(inner, sorted)
  const kind = Object.getPrototypeOf(value)?.constructor?.name
  if (value instanceof Date) return [kind, String(value.getTime())]
  if (value instanceof Map) return [kind, [...value].map(again)]
  if (value instanceof Set) return [kind, [...value].map(again)]
  if (value instanceof RegExp || value instanceof URL) return [kind, String(value)]
  if (value instanceof Error) return [kind, value.name, value.message]
  if (value instanceof ArrayBuffer) return [kind, Buffer.from(value).toString('hex')]
  if (ArrayBuffer.isView(value)) return [kind, Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')]
  const keys = Object.keys(value)
  if (sorted) keys.sort()
  return [
    kind,
    Array.isArray(value) && value.length,
    ...keys.map(key => [key, again(Object.getOwnPropertyDescriptor(value, key)?.value)]),
  ]
}

/** Encodes and decodes; the input stays as it was. */
export function again(message: StoredMessage, options?: EncodeOptions): StoredMessage {
  return decodeMessage(encodeMessage(message, options))
}

export function warningsOf(run: (onWarning: (warning: HistoryWarning) => void) => unknown): HistoryWarning[] {
  const warnings: HistoryWarning[] = []
  run(warning => warnings.push(warning))
  return warnings
}

/** `hist` of a row, as JSON. */
export function histOf(text: string): Fields {
  return JSON.parse(text).hist
}

/** An object with these own members, `__proto__` too. */
export function objectOf(members: readonly (readonly [string, unknown])[]): Fields {
  const object: Fields = {}
  for (const [key, value] of members) {
    Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true })
  }
  return object
}

const HOSTILE_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'toJSON',
  'hist',
  'data',
  'type',
  'lc',
  '__lc_escaped__',
  'length',
  '0',
  '',
  'a.b',
  '\u0000',
  '\ud800',
]

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('NaN', '9007199254740993', '","hist":{"v":1}}'),
)
const bytes = fc.uint8Array({ maxLength: 9 })

/** What JSON cannot say, made anew for each use. */
const special = fc.oneof(
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, undefined, 0n, -1n),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  bytes,
  bytes.map(list => Buffer.from(list)),
  bytes.map(list => list.buffer.slice(0, list.byteLength)),
  fc.webUrl().map(href => new URL(href)),
  fc.constantFrom('a+', '/', '[^\\]]', '(?:)').map(source => new RegExp(source, 'giu')),
  text.map(message => new Error(message)),
  text.map(message => new RangeError(message)),
)

const key = fc.oneof(fc.constantFrom(...HOSTILE_KEYS), fc.string({ maxLength: 6 }))

export const { value: anyValue, fields: anyFields } = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { arbitrary: fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)), weight: 4 },
    { arbitrary: special, weight: 2 },
    { arbitrary: tie('list'), weight: 1 },
    { arbitrary: tie('sparse'), weight: 1 },
    { arbitrary: tie('fields'), weight: 2 },
    { arbitrary: tie('map'), weight: 1 },
    { arbitrary: tie('set'), weight: 1 },
  ),
  list: fc.array(tie('value'), { maxLength: 4 }),
  sparse: fc.sparseArray(tie('value'), { maxLength: 5 }),
  fields: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(objectOf),
  map: fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map(pairs => new Map(pairs as [unknown, unknown][])),
  set: fc.array(tie('value'), { maxLength: 3 }).map(items => new Set(items)),
})) as { value: fc.Arbitrary<unknown>; fields: fc.Arbitrary<Fields> }

const call = fc
  .array(fc.tuple(fc.constantFrom('name', 'args', 'id', 'type', 'error', 'index', 'extra'), anyValue), { maxLength: 5 })
  .map(objectOf)
const usage = fc
  .array(
    fc.tuple(
      fc.constantFrom('input_tokens', 'output_tokens', 'total_tokens', 'input_token_details', 'output_token_details'),
      fc.oneof(fc.integer(), anyValue, fc.array(fc.tuple(fc.constantFrom('audio', 'reasoning'), anyValue)).map(objectOf)),
    ),
    { maxLength: 5 },
  )
  .map(objectOf)
const calls = fc.oneof(fc.array(fc.oneof(call, anyValue), { maxLength: 3 }), anyValue)

const member = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      'content',
      'id',
      'name',
      'additional_kwargs',
      'response_metadata',
      'role',
      'tool_call_id',
      'status',
      'type',
      'self',
    ),
    anyValue,
  ),
  fc.tuple(fc.constantFrom('content', 'content_blocks'), fc.array(anyValue, { maxLength: 3 })),
  fc.tuple(fc.constantFrom('additional_kwargs', 'response_metadata'), anyFields),
  fc.tuple(fc.constantFrom('tool_calls', 'invalid_tool_calls', 'tool_call_chunks'), calls),
  fc.tuple(fc.constant('usage_metadata'), fc.oneof(usage, anyValue)),
  fc.tuple(key, anyValue),
)

/** Stored messages that hold anything anywhere. */
export const anyMessage: fc.Arbitrary<StoredMessage> = fc
  .tuple(fc.constantFrom('human', 'ai', 'system', 'tool', 'function', 'chat', 'custom'), fc.array(member, { maxLength: 7 }))
  .map(([type, members]) => stored(type, objectOf(members)))
