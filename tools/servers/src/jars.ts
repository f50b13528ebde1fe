import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, withFileLock } from '@hist/cache'
import { ServerStartError, ServerUnavailableError } from './errors.js'
import {
  compareJars,
  hashOf,
  hasJars,
  type JarSet,
  jarLockFile,
  jarSets,
  type LockedJar,
  readJarLock,
  repositoryPath,
} from './jar-lock.js'
import { findMaven, runMaven } from './maven.js'
import type { Progress } from './progress.js'

const MAVEN_CENTRAL = 'https://repo.maven.apache.org/maven2'
const PARALLEL = 6
const ATTEMPTS = 3

/** @returns the folder with a server's jars, downloaded at the first call and verified against jars.lock */
export async function provideJars(set: JarSet, onProgress: Progress = () => undefined): Promise<string> {
  const folder = join(cacheFolder(), `${set}-${jarSets[set].version}`)
  const jars = readJarLock(set)
  if (hasJars(folder, jars)) return folder
  const onWait = () => onProgress('waits for another process that downloads the jars')
  return withFileLock(folder, onWait, async () => {
    if (hasJars(folder, jars)) return folder
    const partial = `${folder}.partial`
    for (const old of [partial, folder]) rmSync(old, { recursive: true, force: true })
    mkdirSync(partial)
    onProgress('gets the jars')
    const maven = findMaven()
    if (maven) await runMaven(maven, set, 'copy-dependencies', [`-DoutputDirectory=${partial}`], onProgress)
    else await fetchJars(partial, jars, onProgress)
    const differences = await compareJars(partial, jars)
    if (differences.length > 0)
      throw new ServerStartError(`The jars of ${set} differ from ${jarLockFile}:\n${differences.join('\n')}`)
    renameSync(partial, folder)
    return folder
  })
}

async function fetchJars(folder: string, jars: readonly LockedJar[], onProgress: Progress): Promise<void> {
  const base = (process.env.HIST_MAVEN_REPOSITORY || MAVEN_CENTRAL).replace(/\/+$/, '')
  const waiting = [...jars]
  let files = 0
  let bytes = 0
  const work = async () => {
    for (let jar = waiting.pop(); jar !== undefined; jar = waiting.pop()) {
      const content = await fetchJar(`${base}/${repositoryPath(jar.coordinate)}`, jar)
      writeFileSync(join(folder, jar.file), content)
      files += 1
      bytes += content.length
      onProgress(`downloads, ${files} of ${jars.length} files, ${(bytes / 1e6).toFixed(0)} MB so far`)
    }
  }
  const results = await Promise.allSettled(
    Array.from({ length: PARALLEL }, () =>
      work().finally(() => {
        // After a failure the others finish the file they are at.
        waiting.length = 0
      }),
    ),
  )
  const failed = results.find(result => result.status === 'rejected')
  if (failed) throw failed.reason
}

async function fetchJar(url: string, jar: LockedJar): Promise<Buffer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(120_000) })
      if (!response.ok) throw new Error(`status ${response.status}`)
      const content = Buffer.from(await response.arrayBuffer())
      if (hashOf(content) !== jar.sha256) throw new Error('another SHA-256 than in jars.lock')
      return content
    } catch (error) {
      // The URL may carry a secret; the coordinate does not.
      if (attempt === ATTEMPTS) throw new ServerUnavailableError(`${jar.coordinate} could not be downloaded: ${reasonOf(error)}`)
    }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
