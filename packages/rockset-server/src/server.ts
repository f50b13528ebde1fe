import type { AddressInfo } from 'node:net'
import { createApplication } from './http/application.js'
import { collectionRoutes } from './http/collection-routes.js'
import { documentRoutes } from './http/document-routes.js'
import { organizationRoutes } from './http/organization-routes.js'
import { queryRoutes } from './http/query-routes.js'
import { workspaceRoutes } from './http/workspace-routes.js'
import { checkOptions, type RocksetServerOptions } from './options.js'
import { Database } from './storage/database.js'

export interface RocksetServer {
  /** Without a slash at the end: `http://127.0.0.1:4243`. */
  readonly url: string
  /** Takes no more requests, finishes those that run, for at most 10 s, and closes the file. May be called again. */
  close(): Promise<void>
}

/** How long a client that has begun a request may take to finish it once the server stops. */
const patienceMs = 10_000

/**
 * Serves Rockset's API for the collections in one file. Each write that has been answered is on the disk.
 * @throws TypeError for options that cannot be; Error if the port is taken, or the file cannot be opened or is in use by another server
 */
export async function startRocksetServer(options: RocksetServerOptions): Promise<RocksetServer> {
  const { data, port, host, apiKey, visibilityDelayMs, readyDelayMs, logger } = checkOptions(options)
  const onError = (error: unknown) =>
    logger?.error({ error: String(error instanceof Error ? error.stack : error) }, 'failed in the background')
  const database = new Database({ data, visibilityDelayMs, onError })
  const routes = [
    ...organizationRoutes(),
    ...workspaceRoutes(database.catalog),
    ...collectionRoutes(database, readyDelayMs),
    ...documentRoutes(database),
    ...queryRoutes(database),
  ]
  const application = createApplication({ routes, apiKey, logger })
  try {
    await application.listen({ port, host })
  } catch (error) {
    database.close()
    throw error
  }
  const url = urlOf(application.server.address() as AddressInfo)
  logger?.info({ url, data, visibilityDelayMs }, 'listening')
  let closed: Promise<void> | undefined
  const close = async () => {
    const timer = setTimeout(() => application.server.closeAllConnections(), patienceMs)
    await application.close()
    clearTimeout(timer)
    database.close()
    logger?.info({ url }, 'stopped')
  }
  return {
    url,
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
