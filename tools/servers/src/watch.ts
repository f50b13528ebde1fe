import { spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

let pipe: Writable | undefined

/** From now on the cluster is killed and its folder removed when this process ends, however it ends. */
export function watchCluster(folder: string): void {
  pipe ??= startWatcher()
  pipe.write(`watch ${folder}\n`)
}

export function forgetCluster(folder: string): void {
  pipe?.write(`forget ${folder}\n`)
}

function startWatcher(): Writable {
  const program = fileURLToPath(new URL('./watcher.js', import.meta.url))
  const watcher = spawn(process.execPath, [program], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  watcher.unref()
  // A child's pipe is a socket and counts as something to wait for, which it is not.
  if ('unref' in watcher.stdin && typeof watcher.stdin.unref === 'function') watcher.stdin.unref()
  return watcher.stdin
}
