import { createHash } from 'node:crypto'
import { argumentError } from './errors.js'

/**
 * Entry ids: base64url of `1.<backend>.<layout>.<hash of the session>.<position>`, so that one of another backend, layout or session
 * is recognised instead of being read as a place in this one.
 */
export class Cursors {
  readonly #prefix: string

  constructor(backend: string, layout: string | undefined, session: string) {
    const hash = createHash('sha256').update(session).digest('base64url').slice(0, 11)
    this.#prefix = `1.${backend}.${layout ?? ''}.${hash}.`
  }

  encode(position: string): string {
    return Buffer.from(this.#prefix + position).toString('base64url')
  }

  /** @throws TypeError for anything that `encode` of the same session did not make */
  decode(owner: string, name: string, cursor: unknown): string {
    if (typeof cursor !== 'string') throw argumentError(`${owner}: ${name} must be an entry id, a string`)
    const text = Buffer.from(cursor, 'base64url').toString()
    if (!text.startsWith(this.#prefix) || this.encode(text.slice(this.#prefix.length)) !== cursor) {
      throw argumentError(`${owner}: ${name} is not an entry id of this session in this backend`)
    }
    return text.slice(this.#prefix.length)
  }
}
