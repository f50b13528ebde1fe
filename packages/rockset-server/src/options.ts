import { resolve } from 'node:path'
import type { ServerLogger } from './http/log.js'
import { isLoopback } from './loopback.js'

/** @see startRocksetServer */
export interface RocksetServerOptions {
  /** Path of the database file, created if it is not there; its folder must be. `':memory:'` keeps nothing. */
  readonly data: string
  /** 0 takes a free one. @default 0 */
  readonly port?: number | undefined
  /** Address to listen on. One that is not loopback demands `apiKey`. @default '127.0.0.1' */
  readonly host?: string | undefined
  /** The one key that is taken, of ASCII characters without spaces. Without it any key is, as long as it is not empty. */
  readonly apiKey?: string | undefined
  /** How long after its acknowledgement a write can be read, in milliseconds; it is durable at once. Rockset had such a delay. @default 0 */
  readonly visibilityDelayMs?: number | undefined
  /** How long a new collection is CREATED before it is READY, in milliseconds. @default 10 */
  readonly readyDelayMs?: number | undefined
  /** Told of each request, without its body and its key. @default none */
  readonly logger?: ServerLogger | undefined
}

export interface CheckedOptions {
  readonly data: string
  readonly port: number
  readonly host: string
  readonly apiKey: string | undefined
  readonly visibilityDelayMs: number
  readonly readyDelayMs: number
  readonly logger: ServerLogger | undefined
}

const longestDelayMs = 3_600_000

/** @throws TypeError */
export function checkOptions(options: RocksetServerOptions): CheckedOptions {
  const { data, port = 0, host = '127.0.0.1', apiKey, visibilityDelayMs = 0, readyDelayMs = 10, logger } = options
  if (typeof data !== 'string' || data === '' || data.includes('\0'))
    throw new TypeError('data must be the path of a file, or :memory:')
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError('port must be an integer from 0 to 65535')
  if (typeof host !== 'string' || host === '') throw new TypeError('host must be an address')
  if (apiKey !== undefined && !(typeof apiKey === 'string' && /^[!-~]+$/.test(apiKey)))
    throw new TypeError('apiKey must be ASCII characters without spaces, at least one')
  if (apiKey === undefined && !isLoopback(host)) throw new TypeError(`host ${host} can be reached by others: apiKey is needed`)
  for (const [name, value] of Object.entries({ visibilityDelayMs, readyDelayMs })) {
    if (!(value >= 0 && value <= longestDelayMs)) throw new TypeError(`${name} must be from 0 to ${longestDelayMs}`)
  }
  return { data: fileOf(data), port, host, apiKey, visibilityDelayMs, readyDelayMs, logger }
}

/** Absolute, because libsql takes `http://…` for a server to send the data to, and `file:…?mode=memory` for a file that is none. */
function fileOf(data: string): string {
  return data === ':memory:' ? data : resolve(data)
}
