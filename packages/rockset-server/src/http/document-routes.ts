import type { Value } from '../documents.js'
import { type WriteKind, writeDocuments } from '../documents-api/write-documents.js'
import { RequestError } from '../errors.js'
import type { Database } from '../storage/database.js'
import { type Method, objectOf, type Route, route } from './route.js'

const maxDocuments = 20_000

export function documentRoutes(database: Database): Route[] {
  const path = '/ws/:workspace/collections/:collection'
  const write = (method: Method, kind: WriteKind) =>
    route(method, `${path}/docs`, ({ names, body }) => {
      const collection = database.catalog.collection(names.workspace ?? '', names.collection ?? '')
      return writeDocuments(database, collection, kind, documentsOf(body))
    })
  return [
    write('POST', 'add'),
    write('PATCH', 'patch'),
    write('DELETE', 'delete'),
    route('POST', `${path}/offsets/commit`, ({ names, body }) => {
      database.catalog.collection(names.workspace ?? '', names.collection ?? '')
      return commit(database.applied, objectOf(body).name)
    }),
  ]
}

function documentsOf(body: Value | undefined): readonly Value[] {
  const { data } = objectOf(body)
  if (!Array.isArray(data)) throw new RequestError('INVALIDINPUT', 'data must be a list of documents.')
  if (data.length > maxDocuments)
    throw new RequestError('INVALIDINPUT', `A request has at most ${maxDocuments} documents; these are ${data.length}.`)
  return data
}

/** Whether everything up to the last of these fences can be read. */
function commit(applied: number, fences: Value | undefined) {
  if (!Array.isArray(fences) || fences.length === 0) throw new RequestError('INVALIDINPUT', 'name must be a list of offsets.')
  const last = fences.reduce<number>((largest, fence) => Math.max(largest, numberOf(fence)), 0)
  return { data: { fence: `f1:0:0:0:${last}`, passed: last <= applied }, offsets: { commit: `f1:0:0:0:${applied}` } }
}

function numberOf(fence: unknown): number {
  const [, number] = (typeof fence === 'string' && /^f1:0:0:0:(\d{1,15})$/.exec(fence)) || []
  if (number === undefined) throw new RequestError('INVALIDINPUT', 'An offset is a last_offset of a write: f1:0:0:0:<number>.')
  return Number(number)
}
