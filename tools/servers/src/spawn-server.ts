import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Command {
  readonly program: string
  /** One of them must have the path of the server's folder with a slash behind it: so the process is recognised. */
  readonly parameters: readonly string[]
}

export function logFileOf(folder: string): string {
  return join(folder, 'out.log')
}

/** Starts a process in a session of its own: a signal to the process group of a test run does not reach it. */
export async function spawnServer(folder: string, { program, parameters }: Command): Promise<ChildProcess> {
  const log = openSync(logFileOf(folder), 'a')
  const child = spawn(program, parameters, { cwd: folder, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  if (child.pid !== undefined) writeFileSync(join(folder, 'pid'), String(child.pid))
  child.unref()
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  return child
}

/** @returns the last lines of a log with its path, for an error */
export function endOfLog(folder: string, from = 0): string {
  const file = logFileOf(folder)
  const tail = readFileSync(file).subarray(from).toString().trimEnd().split('\n').slice(-20)
  return `The end of ${file}:\n${tail.join('\n')}`
}
