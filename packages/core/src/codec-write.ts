import { isFix } from './codec-fixes.js'
import { argumentError } from './errors.js'
import type { Fix } from './message.js'
import { type Fields, KNOWN_TYPES, type MessageForm, ownForm, PLAIN_TAIL } from './message-form.js'
import { pythonForm } from './python-form.js'
import { exactJson, isPlainJson, isPlainObject } from './to-json.js'
import type { OnWarning } from './warning.js'

/** Python's JSON reader gives up at about 1,000 levels. */
const MOST_DEPTH = 990
/** Deeper data is walked with an eye on cycles. */
const ORDINARY_DEPTH = 60

interface Row extends MessageForm {
  /** Fixes of kind `msg`. */
  nested: readonly Fix[]
  /** Members of `hist` that are not the codec's. */
  others: Fields | undefined
}

const NO_FIXES: readonly Fix[] = []

/** The text of a message. @throws TypeError, made by `argumentError` */
export function writeRow(message: unknown, { maxDepth = 500, onWarning }: { maxDepth?: number; onWarning?: OnWarning }): string {
  if (!(maxDepth >= 0)) throw argumentError('maxDepth: not a number of levels')
  const row = rowOf(message)
  const depth = Math.min(maxDepth, MOST_DEPTH)
  if (isPlainRow(row, Math.min(depth, ORDINARY_DEPTH))) return rowText(row, row.data, row.nested)
  const { json, fixes, losses } = exactJson(row.data, depth)
  const shape: Fix[] = []
  const refused = pythonForm(row.type, json)
  for (const key in refused) {
    shape.push(Object.hasOwn(json, key) ? [[key], 'put', json[key]] : [[key], 'del'])
    json[key] = refused[key]
  }
  const text = rowText(row, json, [...shape, ...fixes, ...row.nested])
  for (const { path, what } of losses) onWarning?.({ code: 'LOSSY_VALUE', message: `${path}: ${what}`, path })
  return text
}

/** So is nearly every message: `data` is what JSON writes exactly and Python takes. */
function isPlainRow({ type, data }: Row, depth: number): boolean {
  try {
    return isPlainJson(data, depth) && pythonForm(type, data) === undefined
  } catch {
    return false
  }
}

function rowText({ type, chunk, others }: Row, json: Fields, fixes: readonly Fix[]): string {
  const body = (KNOWN_TYPES.get(type) ?? `{"type":${JSON.stringify(type)},"data":`) + JSON.stringify(json)
  if (!chunk && fixes.length === 0 && others === undefined) return body + PLAIN_TAIL
  return `${body},"hist":${JSON.stringify({ v: 1, ...(chunk && { c: 1 }), ...(fixes.length > 0 && { f: fixes }), ...others })}}`
}

function rowOf(message: unknown): Row {
  if (typeof message !== 'object' || message === null) throw argumentError('message: not an object')
  const { type, data, hist, _getType, getType } = message as Fields
  if ((_getType ?? getType) !== undefined || 'lc_namespace' in message) throw argumentError('message: a LangChain message; use toStoredMessage')
  if (typeof type !== 'string' || !isPlainObject(data)) throw argumentError('message: expected { type, data }')
  if (type === 'remove') throw argumentError('message.type: "remove" is not history')
  // Spelled out, because a spread here doubles the cost of encoding.
  const { type: own, data: fields, chunk } = ownForm(type, data)
  if (hist === undefined) return { type: own, data: fields, chunk, nested: NO_FIXES, others: undefined }
  if (!isPlainObject(hist) || !isPlainJson(hist, ORDINARY_DEPTH)) throw argumentError('message.hist: not plain JSON')
  const { v = 1, op, c, f = [], ...others } = hist
  if (v !== 1 || op !== undefined || (c ?? 1) !== 1 || !Array.isArray(f) || !f.every(isFix)) throw argumentError('message.hist: not what a decoded message has')
  return { type: own, data: fields, chunk: chunk || c === 1, nested: f.filter(([, kind]) => kind === 'msg'), others }
}
