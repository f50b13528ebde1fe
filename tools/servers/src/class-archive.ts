import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cacheFolder, withFileLock } from '@hist/cache'
import { hashOf, jarLockFile, jarSets } from './jar-lock.js'
import type { Java } from './java.js'
import { signalServer } from './owned-process.js'
import type { Progress } from './progress.js'
import type { StartedNode } from './server-node.js'

/** A class-data archive fits one build of Java and one class path; the JVM ignores a misfit. */
export function archiveFile(java: Java, lib: string): string {
  const fits = hashOf([java.version, lib, readFileSync(jarLockFile, 'utf8')].join('\n')).slice(0, 12)
  return join(cacheFolder(), `cassandra-${jarSets.cassandra.version}-${fits}.jsa`)
}

export function archiveFlags(file: string): string[] {
  return existsSync(file) ? ['-Xshare:auto', `-XX:SharedArchiveFile=${file}`] : []
}

/** @param start starts a node that writes the archive at its end, and uses it */
export async function makeArchive(
  file: string,
  start: (flags: readonly string[]) => Promise<{ node: StartedNode; stop(): Promise<void> }>,
  onProgress: Progress,
): Promise<void> {
  if (existsSync(file)) return
  const onWait = () => onProgress('waits for another process that makes the class-data archive')
  await withFileLock(file, onWait, async () => {
    if (existsSync(file)) return
    onProgress('makes the class-data archive, once')
    const partial = `${file}.partial`
    rmSync(partial, { force: true })
    const { node, stop } = await start([`-XX:ArchiveClassesAtExit=${partial}`])
    // It is written after the drain: kill -9 writes none.
    signalServer(node.folder, 'SIGTERM')
    while (node.pid !== 0) await sleep(50)
    await stop()
    if (existsSync(partial)) renameSync(partial, file)
  })
}
