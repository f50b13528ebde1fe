import { applyFixes } from './codec-fixes.js'
import { argumentError, HistoryError } from './errors.js'
import { readForeignRow } from './foreign-row.js'
import type { CodecNotes, StoredMessage } from './message.js'
import { type Fields, isFields, KNOWN_TYPES, type MessageForm, ownForm, PLAIN_TAIL } from './message-form.js'
import { NOT_QUITE_JSON, parseTolerant, type TolerantResult } from './tolerant-json.js'
import type { HistoryWarning, OnWarning } from './warning.js'

type Warn = (code: HistoryWarning['code'], message: string, path?: string) => void

/** The message of a row; undefined for a control row. @throws HistoryError CORRUPT_ENTRY */
export function readRow(text: string, { onWarning }: { onWarning?: OnWarning }): StoredMessage | undefined {
  if (typeof text !== 'string') throw argumentError('text: not a string')
  const plain = plainRow(text)
  if (plain !== undefined) return plain
  try {
    const message = anyRow(text, (code, message, path) => onWarning?.({ code, message, path }))
    if (message !== null) return message
  } catch (error) {
    // The parser's own errors quote the message.
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error
  }
  throw notAMessage()
}

export function notAMessage(): HistoryError {
  return new HistoryError('not a stored message, or nested too deeply', { code: 'CORRUPT_ENTRY' })
}

/** A row of ours that needs no fix: nothing but `data` is parsed. Undefined if it is not one, or only looks like one. */
function plainRow(text: string): StoredMessage | undefined {
  if (!text.endsWith(PLAIN_TAIL)) return undefined
  const type = text.slice(BEFORE_TYPE, text.indexOf('"', BEFORE_TYPE))
  const head = KNOWN_TYPES.get(type)
  if (head === undefined || !text.startsWith(head)) return undefined
  try {
    const data: unknown = JSON.parse(text.slice(head.length, -PLAIN_TAIL.length))
    return isFields(data) ? ({ type, data } as StoredMessage) : undefined
  } catch {
    return undefined
  }
}

const BEFORE_TYPE = '{"type":"'.length

/** Null for what is not a row. */
function anyRow(text: string, warn: Warn): StoredMessage | undefined | null {
  const { value, mended } = parse(text)
  const row = isFields(value) ? value : {}
  const { type, data, hist } = row
  if (!isFields(hist)) {
    const form = typeof type === 'string' && readForeignRow(type, row, text, what => warn('REPAIRED_ENTRY', what))
    if (!form) return null
    if (mended) warn('REPAIRED_ENTRY', 'NaN or Infinity')
    return messageOf(form, {})
  }
  if (hist.op !== undefined) return undefined
  if (typeof type !== 'string' || !isFields(data)) return null
  if ((hist.v as number) > 1) {
    warn('NEWER_FORMAT', `format ${hist.v} read as plain JSON`)
    return { type, data } as StoredMessage
  }
  const { v: _version, c, f, ...others } = hist
  const nested = applyFixes(data, f, path => warn('NEWER_FORMAT', 'a value of an unknown kind', path.join('.')))
  const form = ownForm(type, data)
  form.chunk ||= c === 1
  return messageOf(form, nested.length > 0 ? { f: nested, ...others } : others)
}

/** Rows of ours hold JavaScript's numbers only, so tolerance is for those of others. */
function parse(text: string): TolerantResult {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (!NOT_QUITE_JSON.test(text)) throw error
  }
  return (isFields(value) && isFields(value.hist)) || !NOT_QUITE_JSON.test(text) ? { value } : parseTolerant(text)
}

function messageOf({ type, data, chunk }: MessageForm, notes: Fields): StoredMessage {
  const hist: CodecNotes = { v: 1, ...(chunk && { c: 1 }), ...notes }
  return (Object.keys(hist).length > 1 ? { type, data, hist } : { type, data }) as StoredMessage
}
