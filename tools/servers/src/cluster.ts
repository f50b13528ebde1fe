import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runFolder } from './folders.js'
import { killServer, removeCluster, serverFolders } from './owned-process.js'
import { NodeStartError } from './server-node.js'
import { forgetCluster, watchCluster } from './watch.js'

const ATTEMPTS = 3

/**
 * Chooses ports, makes a folder for the cluster and starts it there; once more with others when an address turns out to be in use.
 * When the start fails, the servers are killed and the folder stays, for its logs.
 */
export async function startCluster<T>(
  name: string,
  choosePorts: () => Promise<number[]>,
  start: (folder: string, ports: number[]) => Promise<T>,
): Promise<{ folder: string; started: T }> {
  for (let attempt = 1; ; attempt += 1) {
    const ports = await choosePorts()
    const folder = join(runFolder(), `${name}-${ports[0]}`)
    mkdirSync(runFolder(), { recursive: true })
    watchCluster(folder)
    mkdirSync(folder)
    writeFileSync(join(folder, 'owner'), String(process.pid))
    try {
      return { folder, started: await start(folder, ports) }
    } catch (error) {
      if (error instanceof NodeStartError && error.addressInUse && attempt < ATTEMPTS) {
        await stopCluster(folder)
        continue
      }
      await Promise.all(serverFolders(folder).map(killServer))
      forgetCluster(folder)
      throw error
    }
  }
}

export async function stopCluster(folder: string): Promise<void> {
  await removeCluster(folder)
  forgetCluster(folder)
}

export function nodeFolder(cluster: string, index: number): string {
  const folder = join(cluster, `node-${index + 1}`)
  mkdirSync(folder)
  return folder
}
