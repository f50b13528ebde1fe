import { createHash } from 'node:crypto'

/** The longest name that Kafka takes. */
const LONGEST_NAME = 249
const ENCODED = 'hx--'
export const HASHED = 'hd--'
/** Ids that are no topic's name, that Kafka uses itself (`__…`), or that would look like an encoded one. */
const RESERVED = /^(\.{1,2}$|__|hx--|hd--)/

/**
 * The topic of a session. A session id that Kafka takes as a name stays itself; any other becomes `hx--` and its UTF-8 bytes, letters and
 * digits as they are, the others as `-` and two hexadecimal digits: `user:1` → `hx--user-3a1`. With its prefix longer than 249 characters, it
 * becomes `hd--` and the SHA-256 of its UTF-8 bytes in hexadecimal digits. Two ids never share a name, but Kafka refuses a name that differs
 * from an existing one only in `.` and `_`.
 *
 * @param prefix one that the options take: of another, such as `_`, the whole name could be one of Kafka's own
 * @returns `hashed`: the name does not tell the id
 * @internal
 */
export function topicNameOf(prefix: string, sessionId: string): { readonly name: string; readonly hashed: boolean } {
  // Independent of the prefix and of the length, so that it can be read back.
  const plain = /^[\w.-]+$/.test(sessionId) && !RESERVED.test(sessionId)
  const name = prefix + (plain ? sessionId : ENCODED + encode(sessionId))
  if (name.length <= LONGEST_NAME) return { name, hashed: false }
  return { name: prefix + HASHED + createHash('sha256').update(sessionId, 'utf8').digest('hex'), hashed: true }
}

/**
 * The session of a topic; undefined for a topic that is none of ours, and for a hashed name.
 * @internal
 */
export function sessionOf(prefix: string, topicName: string): string | undefined {
  if (!topicName.startsWith(prefix)) return undefined
  const rest = topicName.slice(prefix.length)
  const sessionId = rest.startsWith(ENCODED) ? decode(rest.slice(ENCODED.length)) : rest
  // Only the one name of an id is its topic: not one with capital digits, one for what needs no encoding, or bytes that are no UTF-8.
  return sessionId !== '' && topicNameOf(prefix, sessionId).name === topicName ? sessionId : undefined
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[^A-Za-z0-9]/g, character => `-${hexadecimal(character)}`)
}

function hexadecimal(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0')
}

function decode(encoded: string): string {
  const bytes = encoded.replace(/-([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
