import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { Fix } from '@hist/core'
import { corrupt } from '../errors.js'

type Fields = Record<string, unknown>
type Path = Fix[0]

/** The server takes 31 nested values; the list, the message and its `data` are three of them. */
export const MOST_DEPTH = 28

/** DynamoDB keeps 38 digits, so all of a JavaScript number's, but not all exponents. */
const SMALLEST_NUMBER = 1e-130
const NUMBERS_END = 1e126

/**
 * A row of the codec as an element of the list: `type` and `data` as Python writes them. `hist`, which Python ignores, is kept as JSON
 * text, so that it may hold what DynamoDB cannot: numbers beyond its range, text that is not Unicode, more levels, any name of a field.
 * In `data` something else stands for such a value, and a fix puts it back.
 */
export function elementOf(row: string): AttributeValue {
  const { type, data, hist } = JSON.parse(row) as { type: string; data: Fields; hist: { f?: Fix[] } }
  const fixes: Fix[] = []
  const element = { type: { S: type }, data: attributeOf(data, [], fixes), hist: { S: '' } }
  // First, because the codec's own refer to the row as the codec wrote it.
  if (fixes.length > 0) hist.f = [...fixes, ...(hist.f ?? [])]
  element.hist.S = JSON.stringify(hist)
  return { M: element }
}

/** @param path from `data` to the value, for fixes */
function attributeOf(value: unknown, path: Path, fixes: Fix[]): AttributeValue {
  const instead = (attribute: AttributeValue) => {
    fixes.push([path, 'put', value])
    return attribute
  }
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? { S: value } : instead({ S: value.toWellFormed() })
    case 'boolean':
      return { BOOL: value }
    case 'number': {
      const size = Math.abs(value)
      const fits = size === 0 || (size >= SMALLEST_NUMBER && size < NUMBERS_END)
      return fits ? { N: String(value) } : instead({ NULL: true })
    }
  }
  if (value === null) return { NULL: true }
  if (path.length > MOST_DEPTH) return instead({ NULL: true })
  if (Array.isArray(value)) return { L: value.map((item, index) => attributeOf(item, [...path, index], fixes)) }
  return { M: membersOf(value as Fields, path, fixes) }
}

/** Without a prototype: a member may be named `__proto__`. */
function membersOf(fields: Fields, path: Path, fixes: Fix[]): Record<string, AttributeValue> {
  const members: Record<string, AttributeValue> = Object.create(null)
  for (const [name, field] of Object.entries(fields)) {
    const place = [...path, name]
    const isPlainName = name !== '' && name.isWellFormed()
    // Some servers drop a member named so.
    if (!isPlainName || name === '__proto__') fixes.push([place, 'put', field])
    if (isPlainName) members[name] = attributeOf(field, place, fixes)
  }
  return members
}

/**
 * The row of an element, as JSON text: ours, Python's, or the JavaScript community class's.
 * @throws HistoryError `CORRUPT_ENTRY` for a type of attribute that is not known
 */
export function rowOf(element: AttributeValue): string {
  const { type, data, hist, text, ...others } = element.M ?? {}
  if (type === undefined) return textOf(element)
  if (data === undefined && text !== undefined) return legacyRow({ type, text, ...others })
  if (data === undefined || Object.keys(others).length > 0 || text !== undefined) return textOf(element)
  const row = `{"type":${textOf(type)},"data":${textOf(data)}`
  if (hist === undefined) return `${row}}`
  // Text that somebody else put there is not ours to paste.
  return `${row},"hist":${hist.S?.startsWith('{"v":') ? hist.S : textOf(hist)}}`
}

/** The community class keeps `additional_kwargs` as JSON text. */
function legacyRow(members: Record<string, AttributeValue>): string {
  const { additional_kwargs: kwargs, ...others } = members
  const row = textOf({ M: others }).slice(0, -1)
  return kwargs === undefined ? `${row}}` : `${row},"additional_kwargs":${kwargs.S?.startsWith('{') ? kwargs.S : textOf(kwargs)}}`
}

/** A number as JSON spells it: Python's `1E+20` and `2.0`, and integers of any size, stay as they are. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/

/** JSON text of an attribute of any type; bytes as base64. */
function textOf(value: AttributeValue): string {
  if (value.S !== undefined) return JSON.stringify(value.S)
  if (value.N !== undefined) return numberText(value.N)
  if (value.BOOL !== undefined) return String(value.BOOL)
  if (value.NULL !== undefined) return 'null'
  if (value.M !== undefined)
    return `{${Object.entries(value.M).map(([name, member]) => `${JSON.stringify(name)}:${textOf(member)}`)}}`
  const list = value.L?.map(textOf) ?? value.SS?.map(quoted) ?? value.NS?.map(numberText) ?? value.BS?.map(base64Text)
  if (list !== undefined) return `[${list}]`
  if (value.B !== undefined) return base64Text(value.B)
  throw corrupt('it has an attribute of a type that this version does not know')
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

function numberText(digits: string): string {
  return JSON_NUMBER.test(digits) ? digits : JSON.stringify(Number(digits))
}

function base64Text(bytes: Uint8Array): string {
  return `"${Buffer.from(bytes).toString('base64')}"`
}
