import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolder } from '@hist/cache'

/** The folder of this package. */
export const packageFolder = fileURLToPath(new URL('..', import.meta.url))

/** Has one folder per cluster, `<name>-<port>`, that exists as long as the cluster. */
export function runFolder(): string {
  return join(cacheFolder(), 'run')
}
