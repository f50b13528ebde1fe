// @ts-check
// The repository as scripts/run.mjs sees it: its files, by paths from the root, and its packages. Works on any Node, to say which one is needed.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')
export const manifest = readJson('package.json')

/** The folders of `packages` that are published. */
export function publishedPackages() {
  return subfolders('packages').filter(folder => !readJson(join('packages', folder, 'package.json')).private)
}

/**
 * @param {string} parent
 * @returns {string[]} those that are workspace packages
 */
export function subfolders(parent) {
  return exists(parent) ? readdirSync(join(root, parent)).filter(folder => exists(join(parent, folder, 'package.json'))) : []
}

/** @param {string} path */
export function exists(path) {
  return existsSync(join(root, path))
}

/** @param {string} path */
export function read(path) {
  return readFileSync(join(root, path), 'utf8')
}

/** @param {string} path */
export function readJson(path) {
  return JSON.parse(read(path))
}
