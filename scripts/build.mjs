// @ts-check
// What every command begins with: installs and builds what is out of date.
import { createHash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { environment, step, timed } from './processes.mjs'
import { exists, manifest, read, readJson, root, subfolders } from './workspace.mjs'

export async function prepare() {
  return (await install()) || (await build())
}

/** Installs with the pnpm that `packageManager` names, unless all that an installation follows from is as it was at the last one. */
export async function install() {
  const folders = ['packages', 'tools', 'examples'].flatMap(parent => subfolders(parent).map(folder => join(parent, folder)))
  const files = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    '.npmrc',
    ...['.', ...folders].map(folder => join(folder, 'package.json')),
  ]
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`)
  for (const file of files.filter(exists)) hash.update(`\n${file}\n`).update(read(file))
  const inputs = hash.digest('hex')
  const stamp = join('node_modules', '.hist-installed')
  const last = exists(stamp) ? readJson(stamp) : {}
  const upToDate = last.inputs === inputs && exists(join('node_modules', '.modules.yaml')) && existsSync(join(last.pnpm, 'pnpm'))
  const pnpm = upToDate ? last.pnpm : await fetchPnpm()
  if (!pnpm) return 1
  // Turbo starts every task through pnpm, which need not be on this machine's PATH.
  environment.PATH = [join(root, 'node_modules', '.bin'), pnpm, process.env.PATH].join(delimiter)
  if (upToDate) return 0
  const code = await step('install', 'pnpm', ['install', '--frozen-lockfile', '--prefer-offline'])
  if (code === 0) writeFileSync(join(root, stamp), JSON.stringify({ inputs, pnpm }))
  return code
}

/** @returns {Promise<string | undefined>} the folder in npx's cache that has the right pnpm */
async function fetchPnpm() {
  const [version = ''] = manifest.packageManager.split('+')
  const printPath = ['--yes', `--package=${version}`, '--', 'node', '--print', 'process.env.PATH']
  const { output } = await timed(version, 'npx', printPath, 'pipe')
  return output.split(/[\n:;]/).find(folder => existsSync(join(folder, 'pnpm')))
}

export async function build() {
  return turbo('build', ['build'])
}

/**
 * @param {string} title
 * @param {string[]} tasks
 */
export function turbo(title, tasks) {
  return step(title, 'turbo', ['run', ...tasks, '--continue=dependencies-successful', '--output-logs=errors-only', '--ui=stream'])
}
