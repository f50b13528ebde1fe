import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { killServer, removeCluster, runningPid, signalServer } from '../src/owned-process.js'

const watcher = fileURLToPath(new URL('../src/watcher.js', import.meta.url))
let cluster: string
let folder: string

beforeEach(() => {
  cluster = mkdtempSync(join(tmpdir(), 'hist-process-test-'))
  folder = join(cluster, 'node-1')
  mkdirSync(folder)
})

afterEach(() => rmSync(cluster, { recursive: true, force: true }))

/** A process that does nothing, and names a file as a server names one of its folder. */
function sleeper(file: string) {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', file], { stdio: 'ignore' })
  const pid = child.pid ?? 0
  writeFileSync(join(folder, 'pid'), String(pid))
  return { child, pid, ended: once(child, 'exit') }
}

test('a server is known by its pid file and its command line', async () => {
  expect(runningPid(folder)).toBeUndefined()
  const { pid, ended } = sleeper(join(folder, 'server.properties'))
  expect(runningPid(folder)).toBe(pid)
  await killServer(folder)
  expect(runningPid(folder)).toBeUndefined()
  expect(await ended).toEqual([null, 'SIGKILL'])
})

test('a process that got the id of a dead server is left alone', async () => {
  const { child, pid, ended } = sleeper(`${folder}0/server.properties`)
  expect(runningPid(folder)).toBeUndefined()
  signalServer(folder, 'SIGKILL')
  await removeCluster(cluster)
  expect(existsSync(cluster)).toBe(false)
  expect(process.kill(pid, 0)).toBe(true)
  child.kill('SIGTERM')
  expect(await ended).toEqual([null, 'SIGTERM'])
})

test.each([
  ['watch', `watch FOLDER\n`, false],
  ['forget', `watch FOLDER\nforget FOLDER\n`, true],
])('when the pipe closes after %s, the watcher has done its work', async (_, lines, stays) => {
  const { pid } = sleeper(join(folder, 'server.properties'))
  const child = spawn(process.execPath, [watcher], { stdio: ['pipe', 'inherit', 'inherit'] })
  child.stdin.end(lines.replaceAll('FOLDER', cluster))
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(existsSync(cluster)).toBe(stays)
  expect(runningPid(folder)).toBe(stays ? pid : undefined)
  await killServer(folder)
})
