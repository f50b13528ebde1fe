import { createHash, timingSafeEqual } from 'node:crypto'
import { RequestError } from '../errors.js'

/**
 * @param apiKey The key to ask for; undefined takes any that is not empty. Even that keeps web pages out, which cannot send the header
 * without being allowed to by the server.
 * @throws RequestError AUTHEXCEPTION
 */
export function authenticate(authorization: string | undefined, apiKey: string | undefined): void {
  const [, key = ''] = /^apikey +(\S+) *$/i.exec(authorization ?? '') ?? []
  if (key === '' || (apiKey !== undefined && !isEqual(key, apiKey)))
    throw new RequestError('AUTHEXCEPTION', 'Authentication Failure')
}

/** Takes the same time wherever the difference is. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
