import type { DecodeOptions } from './codec.js'
import { applyFixes } from './codec-fixes.js'
import { argumentError, HistoryError } from './errors.js'
import { readForeignRow } from './foreign-row.js'
import type { StoredMessage } from './message.js'
import { type Fields, isFields, notesOf, ownForm } from './message-form.js'
import { parseRow } from './tolerant-json.js'
import type { HistoryWarning } from './warning.js'

/** Hears in a few words what was read otherwise than it stands. */
export type Note = (code: HistoryWarning['code'], message: string) => void

/** The message of a row; undefined for a control row (`hist.op`), which readers skip. @throws HistoryError CORRUPT_ENTRY */
export function decodeRow(text: string, { onWarning }: DecodeOptions = {}): StoredMessage | undefined {
  if (typeof text !== 'string') throw argumentError('text: not a string')
  const warnings: HistoryWarning[] = []
  let message: Fields | undefined | null
  try {
    message = messageOf(parseRow(text), text, (code, what) => warnings.push({ code, message: what }))
  } catch {
    // The parser's own errors quote the message.
    message = null
  }
  if (message === null) throw notAMessage()
  for (const warning of warnings) onWarning?.(warning)
  return message as StoredMessage | undefined
}

export function notAMessage(): HistoryError {
  return new HistoryError('not a stored message, or nested too deeply', { code: 'CORRUPT_ENTRY' })
}

/** Null for what is not a row, undefined for a control row. */
function messageOf(row: unknown, text: string, note: Note): Fields | undefined | null {
  if (!isFields(row)) return null
  const { type, data, hist } = row
  const ours = isFields(hist)
  if (ours && hist.op !== undefined) return undefined
  if (typeof type !== 'string' || (ours && !isFields(data))) return null
  const { v, c, f, ...others } = ours ? hist : ({} as Fields)
  if ((v as number) > 1) {
    note('NEWER_FORMAT', `format ${v} read as plain JSON`)
    return { type, data }
  }
  const nested = ours ? applyFixes(data as Fields, f, note) : []
  const form = ours ? ownForm(type, data as Fields) : readForeignRow(type, row, text, note)
  if (form === undefined) return null
  const notes = notesOf(form.chunk || c === 1, nested, others)
  return { type: form.type, data: form.data, ...(Object.keys(notes).length > 1 && { hist: notes }) }
}
