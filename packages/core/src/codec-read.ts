import type { DecodeOptions } from './codec.js'
import { applyFixes } from './codec-fixes.js'
import { argumentError, HistoryError } from './errors.js'
import { completed, foreignData } from './foreign-row.js'
import type { StoredMessage } from './message.js'
import { type Fields, isFields, notesOf, PLAIN_TAIL } from './message-form.js'
import { ownForm } from './own-form.js'
import { isKnownType, KNOWN_TYPES } from './python-form.js'
import { parseRow } from './tolerant-json.js'
import type { HistoryWarning, OnWarning } from './warning.js'

/** Hears in a few words what was read otherwise than it stands. */
export type Note = (code: HistoryWarning['code'], message: string) => void

/** The message of a row; undefined for a control row (`hist.op`), which readers skip. @throws HistoryError CORRUPT_ENTRY */
export function decodeRow(text: string, { onWarning }: DecodeOptions = {}): StoredMessage | undefined {
  if (typeof text !== 'string') throw argumentError('text: not a string')
  return (plainRow(text) ?? anyRow(text, onWarning)) as StoredMessage | undefined
}

function anyRow(text: string, onWarning: OnWarning | undefined): Fields | undefined {
  const warnings: HistoryWarning[] = []
  let message: Fields | undefined
  try {
    message = messageOf(parseRow(text), text, (code, what) => warnings.push({ code, message: what }))
  } catch {
    // The parser's own errors quote the message.
    throw notAMessage()
  }
  for (const warning of warnings) onWarning?.(warning)
  return message
}

export function notAMessage(): HistoryError {
  return new HistoryError('not a message, or nested too deeply', { code: 'CORRUPT_ENTRY' })
}

const PLAIN_HEADS = KNOWN_TYPES.map(type => ({ type, head: `{"type":"${type}","data":{` }))

/** A row of ours that needs no fix, as nearly all are: only `data` is parsed. Undefined if it is not one, or only looks like one. */
function plainRow(text: string): Fields | undefined {
  const plain = text.endsWith(PLAIN_TAIL) ? PLAIN_HEADS.find(({ head }) => text.startsWith(head)) : undefined
  if (plain === undefined) return undefined
  try {
    return { type: plain.type, data: JSON.parse(text.slice(plain.head.length - 1, -PLAIN_TAIL.length)) }
  } catch {
    return undefined
  }
}

/** Undefined for a control row. */
function messageOf(row: unknown, text: string, note: Note): Fields | undefined {
  const { type, data: own, hist } = Object(row) as Fields
  const ours = isFields(hist)
  const { v, op, c, f, ...others } = ours ? hist : ({} as Fields)
  if (op !== undefined) return undefined
  const data = ours ? own : foreignData(row as Fields, text, note)
  if (typeof type !== 'string' || !isFields(data)) throw notAMessage()
  if ((v as number) > 1) {
    note('NEWER_FORMAT', `format ${v} read as plain JSON`)
    return { type, data }
  }
  const nested = applyFixes(data, f, note)
  const form = ownForm(type, data)
  if (!ours && isKnownType(form.type)) form.data = completed(form, note)
  const notes = notesOf(form.chunk || c === 1, nested, others)
  return { type: form.type, data: form.data, ...(Object.keys(notes).length > 1 && { hist: notes }) }
}
