import { RequestError } from '../errors.js'
import { isName } from '../names.js'
import type { Catalog } from '../storage/catalog.js'
import { objectOf, optionalText, type Route, route } from './route.js'

export function workspaceRoutes(catalog: Catalog): Route[] {
  return [
    route('GET', '/ws', () => ({ data: catalog.workspaces() })),
    route('POST', '/ws', ({ body }) => {
      const { name, description } = nameAndDescription(objectOf(body))
      return { data: catalog.createWorkspace({ name, ...(description !== undefined && { description }) }) }
    }),
    route('GET', '/ws/:workspace', ({ names: { workspace = '' } }) => ({ data: catalog.workspace(workspace) })),
    route('DELETE', '/ws/:workspace', ({ names: { workspace = '' } }) => ({ data: catalog.deleteWorkspace(workspace) })),
  ]
}

/** @throws RequestError INVALIDINPUT */
export function nameAndDescription(body: ReturnType<typeof objectOf>): { name: string; description: string | undefined } {
  const { name } = body
  if (!isName(name))
    throw new RequestError('INVALIDINPUT', 'name must be letters, digits, "_", "-" and ".", without two dots in a row.')
  return { name, description: optionalText(body, 'description') }
}
