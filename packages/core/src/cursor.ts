import { createHash } from 'node:crypto'
import type { OptionCheck } from './options.js'

/**
 * Entry ids: base64url of `1.<backend>.<layout>.<hash of the session>.<length>.<position>`, so that one of another backend, layout or
 * session, or one that was cut, is recognised instead of being read as a place in this session.
 */
export class Cursors implements OptionCheck {
  readonly be = 'an entry id of this session in this backend'
  readonly #prefix: string

  constructor(backend: string, layout: string | undefined, session: string) {
    const hash = createHash('sha256').update(session).digest('base64url').slice(0, 11)
    this.#prefix = `1.${backend}.${layout ?? ''}.${hash}.`
  }

  encode(position: string): string {
    return Buffer.from(`${this.#prefix}${position.length}.${position}`).toString('base64url')
  }

  /** The position of a cursor that `holds`. */
  decode(cursor: string): string {
    const text = Buffer.from(cursor, 'base64url').toString()
    return text.slice(text.indexOf('.', this.#prefix.length) + 1)
  }

  /** Whether `encode` of the same session made it. */
  holds(cursor: unknown): boolean {
    return typeof cursor === 'string' && this.encode(this.decode(cursor)) === cursor
  }
}
