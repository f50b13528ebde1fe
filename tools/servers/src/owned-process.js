// @ts-check
// JavaScript, because the watcher runs it from src without a build.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Every server names its folder on its command line. A process id alone may be another program's by now.
 * @param {number} pid
 * @param {string} folder
 */
export function runsIn(pid, folder) {
  return commandLineOf(pid).includes(join(folder, '/'))
}

/**
 * @param {number} pid
 * @returns {string} empty when there is no such process, or it is a zombie
 */
export function commandLineOf(pid) {
  try {
    if (existsSync('/proc/self/cmdline')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    const output = execFileSync('ps', ['-ww', '-o', 'stat=,command=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' })
    return output.startsWith('Z') ? '' : output
  } catch {
    return ''
  }
}

/**
 * @param {string} folder a server's
 * @returns {number | undefined} the id in its pid file, if that process still runs
 */
export function runningPid(folder) {
  const file = join(folder, 'pid')
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  return pid > 0 && runsIn(pid, folder) ? pid : undefined
}

/**
 * @param {string} folder
 * @param {NodeJS.Signals} signal
 */
export function signalServer(folder, signal) {
  const pid = runningPid(folder)
  if (pid === undefined) return
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended in between.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
  }
}

/** @param {string} folder */
export async function killServer(folder) {
  const pid = runningPid(folder)
  if (pid === undefined) return
  signalServer(folder, 'SIGKILL')
  while (!hasEnded(pid)) await new Promise(resolve => setTimeout(resolve, 10))
}

/**
 * A process that is killed loses its command line before it closes its sockets, and is a zombie before its last thread has ended.
 * @param {number} pid
 */
function hasEnded(pid) {
  if (!existsSync('/proc/self/status')) return commandLineOf(pid) === ''
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return /^State:\s+[ZX]/m.test(status) && /^Threads:\s+1$/m.test(status)
  } catch {
    return true
  }
}

/**
 * @param {string} cluster
 * @returns {string[]} the folders of its servers
 */
export function serverFolders(cluster) {
  if (!existsSync(cluster)) return []
  return readdirSync(cluster, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && entry.name.startsWith('node-'))
    .map(entry => join(cluster, entry.name))
}

/** The file in a cluster's folder with the name of the compose project that it is. */
export const COMPOSE_PROJECT = 'compose-project'

/**
 * Kills what runs in a cluster's folder and removes the folder.
 * @param {string} cluster
 */
export async function removeCluster(cluster) {
  await Promise.all(serverFolders(cluster).map(killServer))
  const project = join(cluster, COMPOSE_PROJECT)
  if (existsSync(project)) {
    const name = readFileSync(project, 'utf8')
    execFileSync('docker', ['compose', '-p', name, 'down', '--volumes', '--timeout', '0'], { stdio: 'ignore' })
  }
  rmSync(cluster, { recursive: true, force: true, maxRetries: 3 })
}
