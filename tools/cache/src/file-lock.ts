import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { lock } from 'proper-lockfile'

const PATIENCE_MS = 15 * 60_000
const LOOK_AGAIN_MS = 200

/**
 * Runs `work` while no other process on this machine runs work for the same `path`; the lock is `path` with `.lock` behind it.
 * @param onWait hears that another process is at work
 * @param staleMs how long after its holder's death a lock still counts, at least 2,000
 */
export async function withFileLock<Result>(
  path: string,
  onWait: () => void,
  work: () => Promise<Result>,
  staleMs = 20_000,
): Promise<Result> {
  mkdirSync(dirname(path), { recursive: true })
  const options = { realpath: false, stale: staleMs }
  const patience = { retries: PATIENCE_MS / LOOK_AGAIN_MS, factor: 1, minTimeout: LOOK_AGAIN_MS }
  const release = await lock(path, options).catch(error => {
    if (error.code !== 'ELOCKED') throw error
    onWait()
    return lock(path, { ...options, retries: patience })
  })
  try {
    return await work()
  } finally {
    await release()
  }
}
