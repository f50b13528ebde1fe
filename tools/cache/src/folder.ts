import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root: src and dist are equally deep. */
export const repository = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * Jars, archives, virtual environments, the folders of running servers: `HIST_SERVERS_CACHE`, from the repository's root, else
 * `node_modules/.cache/hist-servers`. Deleted at will when nothing runs.
 */
export function cacheFolder(): string {
  return resolve(repository, process.env.HIST_SERVERS_CACHE || 'node_modules/.cache/hist-servers')
}
