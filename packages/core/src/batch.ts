import type { BackendSupports } from './backend.js'
import { writeRow } from './codec-write.js'
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
  if (!Array.isArray(messages)) throw argumentError('append: messages must be an array')
  if (messages.length > MAX_MESSAGES) throw argumentError(`append: ${messages.length} messages, the limit is ${MAX_MESSAGES}`)
  const pieces: { firstIndex: number; bodies: string[] }[] = []
  const { atomicAppend, maxDepth, maxMessageBytes, maxSessionBytes } = supports
  let total = 0
  let bytes = 0
  for (const [index, message] of messages.entries()) {
    const name = `message ${index}`
    const body = writeRow(message, { maxDepth, onWarning }, name)
    const size = Buffer.byteLength(body)
    total += size
    bytes += size
    checkSize(name, size, maxMessageBytes)
    checkSize(`up to ${name}`, total, maxSessionBytes)
    const piece = pieces.at(-1)
    if (piece !== undefined && piece.bodies.length < atomicAppend.messages && bytes <= atomicAppend.bytes) {
      piece.bodies.push(body)
    } else {
      pieces.push({ firstIndex: index, bodies: [body] })
      bytes = size
    }
  }
  return pieces
}

function checkSize(what: string, size: number, limit: number): void {
  if (size > limit)
    throw new HistoryError(`${what}: ${size} bytes, the limit is ${limit}; nothing was written`, { code: 'TOO_LARGE' })
}
