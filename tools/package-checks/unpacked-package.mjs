import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

/**
 * A package, packed and unpacked into two projects outside the workspace.
 * @typedef {object} UnpackedPackage
 * @property {string} name `@hist/core`
 * @property {string} source its folder in the workspace
 * @property {string} tarball
 * @property {Record<string, any>} manifest package.json as published
 * @property {Entry[]} entries
 * @property {string} full a project with the package, its dependencies and its peers
 * @property {string} bare the same without `@langchain/core`
 * @property {string} installed the unpacked package in `full`
 *
 * @typedef {object} Entry
 * @property {string} specifier `@hist/core/langchain`
 * @property {string} title `langchain`, for the root `index`
 * @property {string} import path of the ESM file below the package
 * @property {string} require path of the CommonJS file
 * @property {string} types path of the ESM declarations
 * @property {boolean} needsLangChain
 *
 * @typedef {{ problems: string[], notes?: string[] }} Outcome
 */

export const root = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)
/** @type {string[]} */
const projects = []

/**
 * Third-party dependencies are linked to the workspace's own copies: the same files npm would fetch, without asking a registry.
 * @param {string} directory `core`
 * @returns {Promise<UnpackedPackage>}
 */
export async function unpackedPackage(directory) {
  const source = join(root, 'packages', directory)
  const home = await mkdtemp(join(await realpath(tmpdir()), 'hist-package-'))
  projects.push(home)
  const [full, bare] = [join(home, 'full'), join(home, 'bare')]
  const { manifest, tarball } = await install(source, home, [full, bare])
  await link('@types/node', root, [full, bare])
  const installed = join(full, 'node_modules', manifest.name)
  return { name: manifest.name, source, tarball, manifest, entries: entriesOf(manifest), full, bare, installed }
}

export async function removeProjects() {
  await Promise.all(projects.map(project => rm(project, { recursive: true, force: true })))
}

/**
 * @param {string} source
 * @param {string} home
 * @param {[full: string, bare: string]} targets
 * @returns {Promise<{ manifest: Record<string, any>, tarball: string }>}
 */
async function install(source, home, targets) {
  const { stdout } = await run('pnpm', ['pack', '--json', '--pack-destination', home], { cwd: source })
  const tarball = JSON.parse(stdout).filename
  const { name } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'))
  for (const target of targets) {
    const folder = join(target, 'node_modules', name)
    await mkdir(folder, { recursive: true })
    await run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'])
  }
  const manifest = JSON.parse(await readFile(join(targets[0], 'node_modules', name, 'package.json'), 'utf8'))
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (dependency.startsWith('@hist/')) await install(join(root, 'packages', dependency.slice('@hist/'.length)), home, targets)
    else await link(dependency, source, targets)
  }
  for (const peer of Object.keys(manifest.peerDependencies ?? {})) {
    await link(peer, source, peer === '@langchain/core' ? [targets[0]] : targets)
  }
  return { manifest, tarball }
}

/**
 * @param {string} dependency
 * @param {string} from the workspace folder that has it in node_modules
 * @param {string[]} targets
 */
async function link(dependency, from, targets) {
  const original = await realpath(join(from, 'node_modules', dependency))
  for (const target of targets) {
    const place = join(target, 'node_modules', dependency)
    await mkdir(dirname(place), { recursive: true })
    await rm(place, { force: true })
    await symlink(original, place)
  }
}

/**
 * Only the LangChain faces need LangChain: the root of a backend or of `@hist/langchain`, and `@hist/core/langchain`.
 * @param {Record<string, any>} manifest
 * @returns {Entry[]}
 */
function entriesOf(manifest) {
  return Object.entries(manifest.exports)
    .filter(([path]) => path !== './package.json')
    .map(([path, target]) => ({
      specifier: manifest.name + path.slice(1),
      title: path === '.' ? 'index' : path.slice(2),
      import: target.import.default,
      require: target.require.default,
      types: target.import.types,
      needsLangChain:
        manifest.name === '@hist/core'
          ? path === './langchain'
          : path === '.' && '@langchain/core' in (manifest.peerDependencies ?? {}),
    }))
}
