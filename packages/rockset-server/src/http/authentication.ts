import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { RequestError } from '../errors.js'
import { isLoopback } from '../loopback.js'

/**
 * @param apiKey The key to ask for; undefined takes any that is not empty, and only by a loopback name. That keeps web pages out: they cannot
 * send the header without being allowed to by the server, unless they came by a name of their own that now leads here.
 * @throws RequestError AUTHEXCEPTION
 */
export function authenticate({ authorization, host }: IncomingHttpHeaders, apiKey: string | undefined): void {
  const [, key = ''] = /^apikey +(\S+) *$/i.exec(authorization ?? '') ?? []
  if (key === '' || (apiKey !== undefined && !isEqual(key, apiKey)))
    throw new RequestError('AUTHEXCEPTION', 'Authentication Failure')
  if (apiKey === undefined && !isLoopback(hostnameOf(host)))
    throw new RequestError('AUTHEXCEPTION', `Without a key of its own the server answers to localhost only, not to ${host}`)
}

function hostnameOf(host = ''): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}

/** Takes the same time wherever the difference is. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
