import { type BackendSupports } from './backend.js'
import { encodeMessage } from './codec.js'
import { argumentError, HistoryError } from './errors.js'
import type { StoredMessage } from './message.js'
import type { OnWarning } from './warning.js'

/** Two bytes name a message's place in its append in layouts that give an append one tick. */
const MAX_MESSAGES = 65_536

/** A run of bodies that becomes visible as a whole. */
export interface Piece {
  readonly firstIndex: number
  readonly bodies: readonly string[]
}

/**
 * Encodes an append and cuts it, in order, where `supports.atomicAppend` asks for it. Nothing is written yet.
 * @throws TypeError for what is not a list of stored messages; HistoryError `TOO_LARGE` with limit and size
 */
export function encodePieces(messages: readonly StoredMessage[], supports: BackendSupports, onWarning: OnWarning): Piece[] {
  if (!Array.isArray(messages)) throw argumentError('append: expected an array of stored messages')
  if (messages.length > MAX_MESSAGES) throw argumentError(`append: ${messages.length} messages; at most ${MAX_MESSAGES} fit in one append`)
  const bodies = Array.from(messages, message => encodeMessage(message, { maxDepth: supports.maxDepth, onWarning }))
  const sizes = bodies.map(body => Buffer.byteLength(body))
  checkSizes(sizes, supports)
  return cut(bodies, sizes, supports.atomicAppend)
}

function checkSizes(sizes: readonly number[], { maxMessageBytes, maxSessionBytes }: BackendSupports): void {
  const limit = Math.min(maxMessageBytes, maxSessionBytes)
  const index = sizes.findIndex(size => size > limit)
  if (index >= 0) throw tooLarge(`message ${index} of the append has ${sizes[index]} bytes; the limit is ${limit}`)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total > maxSessionBytes) throw tooLarge(`the append has ${total} bytes; a session holds at most ${maxSessionBytes}`)
}

function tooLarge(text: string): HistoryError {
  return new HistoryError(`${text}; nothing was written`, { code: 'TOO_LARGE' })
}

function cut(bodies: readonly string[], sizes: readonly number[], limit: BackendSupports['atomicAppend']): Piece[] {
  const pieces: Piece[] = []
  let first = 0
  let bytes = 0
  for (let index = 0; index < bodies.length; index++) {
    const size = sizes[index] ?? 0
    if (index > first && (index - first >= limit.messages || bytes + size > limit.bytes)) {
      pieces.push({ firstIndex: first, bodies: bodies.slice(first, index) })
      first = index
      bytes = 0
    }
    bytes += size
  }
  if (bodies.length > first) pieces.push({ firstIndex: first, bodies: bodies.slice(first) })
  return pieces
}
