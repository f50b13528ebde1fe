import { decodeRow, notAMessage } from './codec-read.js'
import { writeRow } from './codec-write.js'
import type { StoredMessage } from './message.js'
import type { OnWarning } from './warning.js'

export { decodeRow }

export interface EncodeOptions {
  /**
   * Deepest nesting inside `data`, in levels: an object or array directly in `data` is level 1, and what it holds level 2. At least 0;
   * values over 990, where Python's reader gives up, count as 990. @default 500
   */
  maxDepth?: number
  /** Hears of every value that was dropped or flattened (`LOSSY_VALUE`, with its path), after the message was encoded. */
  onWarning?: OnWarning
}

export interface DecodeOptions {
  /** Hears of rows that were mended (`REPAIRED_ENTRY`) and of rows of a newer version (`NEWER_FORMAT`). */
  onWarning?: OnWarning
}

/**
 * A stored message as one line of JSON, `{"type":…,"data":…,"hist":{"v":1,…}}`, from which `decodeMessage` makes the equal message and
 * which Python's `messages_from_dict` accepts. `hist` holds what JSON cannot say, as fixes; other readers ignore it.
 *
 * Kept exactly: everything JSON has, and `undefined`, `NaN`, `±Infinity`, `-0`, bigint, Date, Map, Set, URL, RegExp, Uint8Array, Buffer,
 * ArrayBuffer, holes in arrays and own keys named `__proto__`. An Error keeps its name and message.
 * Not kept, and reported: functions and symbols (dropped; `null` in an array), class instances (stored as their `toJSON()`, else as what
 * `valueOf()` unboxes, else as their own enumerable fields), further fields of an Error, the class of other typed arrays (stored as bytes).
 * Not kept, as in JSON: keys that are symbols or not enumerable, named properties of arrays, prototype `null`, shared references.
 *
 * Other names of a type are written as its own: `generic` as `chat`, `user` as `human`, `assistant` as `ai`, `developer` as `system`
 * with `additional_kwargs.__openai_role__`, `AIMessageChunk` … as the message, marked as a chunk. Types nobody knows stay as they are.
 *
 * @throws TypeError if it is not a stored message (a LangChain instance: see `toStoredMessage` of `@hist/core/langchain`), is of type
 * `remove`, holds a cycle, is nested deeper than `maxDepth`, or cannot be read. Nothing is altered.
 */
export function encodeMessage(message: StoredMessage, options: EncodeOptions = {}): string {
  return writeRow(message, options)
}

/**
 * The message of a row written by `encodeMessage`, by LangChain's Python classes or by LangChain.js, old and new. Always fresh objects.
 *
 * Rows of `encodeMessage` come back exactly. Rows of others come back in one form: absent fields are absent and not `null`; `content`,
 * `additional_kwargs`, `response_metadata` and the lists of tool calls are there. Unknown types and rows of a newer version come back as
 * plain JSON.
 *
 * @throws HistoryError `CORRUPT_ENTRY` if it is not a message; a control row of a newer version is none
 */
export function decodeMessage(text: string, options: DecodeOptions = {}): StoredMessage {
  const message = decodeRow(text, options)
  if (message === undefined) throw notAMessage()
  return message
}
