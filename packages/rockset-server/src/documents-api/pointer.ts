import { DocumentError } from '../errors.js'

type Container = unknown[] | Record<string, unknown>

/** The place a JSON pointer (RFC 6901) names: a member of an object or an element of an array, which need not exist. */
export class Place {
  readonly #container: Container
  readonly #token: string
  readonly #pointer: string

  /** @throws DocumentError if what should hold the place does not exist, or can hold nothing. */
  constructor(root: unknown, pointer: string) {
    const tokens = pointerTokens(pointer)
    let container: unknown = root
    for (const token of tokens.slice(0, -1)) container = isContainer(container) ? child(container, token) : undefined
    if (!isContainer(container)) throw new DocumentError('INVALIDINPUT', `the path ${JSON.stringify(pointer)} leads to nothing`)
    this.#container = container
    this.#token = tokens.at(-1) ?? ''
    this.#pointer = pointer
  }

  /** @throws DocumentError if there is nothing. */
  get value(): unknown {
    const value = child(this.#container, this.#token)
    if (value === undefined) throw this.#missing()
    return value
  }

  /** Puts a member, or inserts an element: `-` is the place after the last. */
  add(value: unknown): void {
    if (!Array.isArray(this.#container)) {
      setMember(this.#container, this.#token, value)
      return
    }
    const index = this.#token === '-' ? this.#container.length : indexOf(this.#token)
    if (index === undefined || index > this.#container.length) throw this.#missing()
    this.#container.splice(index, 0, value)
  }

  replace(value: unknown): void {
    if (this.value === undefined) return
    if (Array.isArray(this.#container)) this.#container[Number(this.#token)] = value
    else setMember(this.#container, this.#token, value)
  }

  remove(): void {
    if (this.value === undefined) return
    if (Array.isArray(this.#container)) this.#container.splice(Number(this.#token), 1)
    else delete this.#container[this.#token]
  }

  #missing(): DocumentError {
    return new DocumentError('INVALIDINPUT', `there is nothing at the path ${JSON.stringify(this.#pointer)}`)
  }
}

/** @throws DocumentError if it is no pointer. */
export function pointerTokens(pointer: unknown): string[] {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/')) || /~(?![01])/.test(pointer)) {
    throw new DocumentError('INVALIDINPUT', `${JSON.stringify(pointer) ?? 'undefined'} is not a path: it must start with "/"`)
  }
  return pointer
    .split('/')
    .slice(1)
    .map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Any name is an own member, `__proto__` too. */
export function setMember(object: Record<string, unknown>, member: string, value: unknown): void {
  Object.defineProperty(object, member, { value, configurable: true, enumerable: true, writable: true })
}

function child(container: Container, token: string): unknown {
  if (!Array.isArray(container)) return Object.hasOwn(container, token) ? container[token] : undefined
  const index = indexOf(token)
  return index === undefined ? undefined : container[index]
}

function indexOf(token: string): number | undefined {
  return /^(0|[1-9]\d{0,14})$/.test(token) ? Number(token) : undefined
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}
