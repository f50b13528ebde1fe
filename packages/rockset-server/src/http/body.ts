import type { Readable } from 'node:stream'
import { longestInteger, type Value } from '../documents.js'
import { RequestError } from '../errors.js'
import { JsonError, parseJson } from '../json/parse.js'
import { isDeeperThan } from '../json/text.js'

export const maxBodyBytes = 10_485_760
const maxDrainedBytes = 16 * maxBodyBytes
const maxDepth = 1_000

/**
 * The value of a JSON body; undefined if it is empty.
 * @throws RequestError CONTENTTOOLARGE above 10 MiB, INVALIDINPUT if it is not JSON in UTF-8 or too deep
 */
export async function readBody(stream: Readable): Promise<Value | undefined> {
  const bytes = await readBytes(stream)
  if (bytes.length === 0) return undefined
  const text = decode(bytes)
  if (isDeeperThan(text, maxDepth)) throw new RequestError('INVALIDINPUT', `The body is nested deeper than ${maxDepth} levels.`)
  try {
    return parseJson(text, longestInteger)
  } catch (error) {
    throw error instanceof JsonError ? new RequestError('INVALIDINPUT', error.message) : error
  }
}

async function readBytes(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.length
    if (length <= maxBodyBytes) chunks.push(chunk)
    // Whoever is still sending sees a closed connection instead of the answer, so all of it is read, within reason.
    else if (length > maxDrainedBytes) break
    else chunks.length = 0
  }
  if (length > maxBodyBytes) throw new RequestError('CONTENTTOOLARGE', 'Payload size exceeds limit of 10,485,760 bytes')
  return Buffer.concat(chunks)
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new RequestError('INVALIDINPUT', 'The body is not UTF-8.')
  }
}
