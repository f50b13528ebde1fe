import type { EncodeOptions } from './codec.js'
import { fixesOf } from './codec-fixes.js'
import { argumentError, isArgumentError } from './errors.js'
import type { Fix, FixPath } from './message.js'
import { type Fields, notesOf, ownForm } from './message-form.js'
import { pythonForm } from './python-form.js'
import { exactJson, isPlainJson, isPlainObject } from './to-json.js'
import type { HistoryWarning } from './warning.js'

/** Python's JSON reader gives up at about 1,000 levels. */
const MOST_DEPTH = 990
/** Deeper data is walked with an eye on cycles. */
const ORDINARY_DEPTH = 60

/** Where the walk is in `data`, and what it has dropped or flattened. */
export interface Walk {
  path: FixPath
  losses: HistoryWarning[]
}

/** The text of a message. @throws TypeError, made by `argumentError` */
export function writeRow(message: unknown, { maxDepth = 500, onWarning }: EncodeOptions): string {
  if (!(maxDepth >= 0)) throw argumentError('maxDepth: not a number of levels')
  const walk: Walk = { path: [], losses: [] }
  let text: string
  try {
    text = rowText(message, Math.min(maxDepth, MOST_DEPTH), walk)
  } catch (error) {
    const place = ['message', ...walk.path].join('.').slice(0, 200)
    throw argumentError(`${place}: ${isArgumentError(error) ? error.message : 'cannot be read, a getter or toJSON threw'}`)
  }
  for (const loss of walk.losses) onWarning?.(loss)
  return text
}

function rowText(message: unknown, depth: number, walk: Walk): string {
  const { type: given, data: fields, hist } = Object(message) as Fields
  if (typeof given !== 'string' || !isPlainObject(fields)) {
    throw argumentError('expected { type, data }; toStoredMessage makes it of a LangChain message')
  }
  if (given === 'remove') throw argumentError('of type "remove" is not history')
  const { type, data, chunk } = ownForm(given, fields)
  // Nearly every message is what JSON writes exactly and Python takes.
  const plain = isPlainData(type, data, Math.min(depth, ORDINARY_DEPTH))
  if (plain && !chunk && hist === undefined) return JSON.stringify({ type, data, hist: PLAIN })
  if (hist !== undefined && !(isPlainObject(hist) && isPlainJson(hist, ORDINARY_DEPTH))) throw argumentError('hist is not plain JSON')
  const { v = 1, op, c, f, ...others } = hist ?? {}
  if (v !== 1 || op !== undefined) throw argumentError('hist is not that of a decoded message')
  const { json, fixes } = plain ? { json: data, fixes: [] } : pythonJson(type, data, depth, walk)
  fixes.push(...fixesOf(f).filter(([, kind]) => kind === 'msg'))
  return JSON.stringify({ type, data: json, hist: notesOf(chunk || c === 1, fixes, others) })
}

const PLAIN = { v: 1 }

function isPlainData(type: string, data: Fields, depth: number): boolean {
  try {
    return isPlainJson(data, depth) && pythonForm(type, data) === undefined
  } catch {
    // A getter: the exact walk names its place.
    return false
  }
}

function pythonJson(type: string, data: Fields, depth: number, walk: Walk): { json: Fields; fixes: Fix[] } {
  const { json, fixes } = exactJson(data, depth, walk)
  const refused = pythonForm(type, json)
  for (const key in refused) {
    fixes.unshift(Object.hasOwn(json, key) ? [[key], 'put', json[key]] : [[key], 'del'])
    json[key] = refused[key]
  }
  return { json, fixes }
}
