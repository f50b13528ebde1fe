import type { EncodeOptions } from './codec.js'
import { fixesOf } from './codec-fixes.js'
import { argumentError, isArgumentError } from './errors.js'
import type { FixPath } from './message.js'
import { type Fields, MOST_DEPTH, notesOf, ORDINARY_DEPTH, PLAIN_TAIL } from './message-form.js'
import { ownForm } from './own-form.js'
import { pythonForm } from './python-form.js'
import { exactJson, isPlainJson, isPlainObject } from './to-json.js'
import type { HistoryWarning } from './warning.js'

/** Where the walk is in `data`, and what it has dropped or flattened. */
export interface Walk {
  path: FixPath
  losses: HistoryWarning[]
}

/** The text of a message. @throws TypeError, made by `argumentError`, whose text begins with `name` */
export function writeRow(message: unknown, { maxDepth = 500, onWarning }: EncodeOptions, name = 'message'): string {
  const walk: Walk = { path: [], losses: [] }
  let text: string
  try {
    text = rowText(message, Math.min(maxDepth, MOST_DEPTH), walk)
  } catch (error) {
    const place = [name, ...walk.path].join('.').slice(0, 200)
    throw argumentError(`${place}: ${isArgumentError(error) ? error.message : 'cannot be read'}`)
  }
  for (const loss of walk.losses) onWarning?.(loss)
  return text
}

function rowText(message: unknown, depth: number, walk: Walk): string {
  const { type: given, data: fields, hist = PLAIN } = Object(message) as Fields
  if (typeof given !== 'string' || given === 'remove' || !isPlainObject(fields)) {
    throw argumentError('expected { type, data }, not of type "remove"; see toStoredMessage')
  }
  const { type, data, chunk } = ownForm(given, fields)
  const plain = isPlainData(type, data, Math.min(depth, ORDINARY_DEPTH))
  // Joined, because writing the outer object with JSON.stringify takes a tenth longer.
  if (plain && !chunk && hist === PLAIN) return `{"type":${JSON.stringify(type)},"data":${JSON.stringify(data)}${PLAIN_TAIL}`
  if (!isPlainObject(hist) || !isPlainJson(hist, ORDINARY_DEPTH) || 'op' in hist)
    throw argumentError('hist is not of a decoded message')
  const { v: _version, c, f, ...others } = hist
  const { json, fixes } = plain ? { json: data, fixes: [] } : exactJson(data, depth, walk)
  const refused = plain ? undefined : pythonForm(type, json)
  for (const key in refused) {
    fixes.unshift(Object.hasOwn(json, key) ? [[key], 'put', json[key]] : [[key], 'del'])
    json[key] = refused[key]
  }
  fixes.push(...fixesOf(f).filter(([, kind]) => kind === 'msg'))
  return JSON.stringify({ type, data: json, hist: notesOf(chunk || c === 1, fixes, others) })
}

/** Of nearly every message. */
const PLAIN = { v: 1 }

/** Whether JSON writes the data exactly and Python takes it. */
function isPlainData(type: string, data: Fields, depth: number): boolean {
  try {
    return isPlainJson(data, depth) && pythonForm(type, data) === undefined
  } catch {
    // A getter: the exact walk names its place.
    return false
  }
}
