import type { Value } from '../documents.js'
import { RequestError } from '../errors.js'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export const methods: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

export interface RouteRequest {
  /** Of the path. Names of workspaces and collections in it have been checked. */
  readonly names: Readonly<Record<string, string>>
  readonly body: Value | undefined
}

/** What is answered with 200 and this body. */
export interface Route {
  readonly method: Method
  /** As Fastify writes it, with `:workspace` and `:collection`. */
  readonly path: string
  /** @throws RequestError */
  readonly answer: (request: RouteRequest) => unknown
}

export const root = '/v1/orgs/self'

export function route(method: Method, path: string, answer: Route['answer']): Route {
  return { method, path: `${root}${path}`, answer }
}

/** A route of Rockset that this server has not. */
export function notImplemented(method: Method, path: string): Route {
  return route(method, path, () => {
    throw new RequestError('NOTIMPLEMENTEDYET', `This server has no ${method} ${root}${path}`)
  })
}

/** @throws RequestError INVALIDINPUT if the body, or the part of it that has this name, is no object. */
export function objectOf(value: Value | undefined, name = 'The body'): Readonly<Record<string, Value>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RequestError('INVALIDINPUT', `${name} must be an object.`)
  return value as Readonly<Record<string, Value>>
}

/** @throws RequestError INVALIDINPUT unless it is a string, or not there. */
export function optionalText(body: Readonly<Record<string, Value>>, member: string): string | undefined {
  const value = body[member]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw new RequestError('INVALIDINPUT', `${member} must be a string.`)
  return value
}
