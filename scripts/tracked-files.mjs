// @ts-check
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export const root = join(import.meta.dirname, '..')

/**
 * What git would track, without asking git (the repository may be an unpacked archive): all files but those .gitignore names.
 * @returns {string[]} paths from the root
 */
export function trackedFiles() {
  const patterns = readFileSync(join(root, '.gitignore'), 'utf8').split('\n')
  const ignored = new Set(['.git', ...patterns.map(pattern => pattern.replace(/\/$/, ''))])
  return filesBelow(root, name => ignored.has(name) || ignored.has(`*.${name.split('.').at(-1)}`)).map(file =>
    relative(root, file),
  )
}

/**
 * @param {string} folder
 * @param {(name: string) => boolean} isIgnored
 * @returns {string[]}
 */
function filesBelow(folder, isIgnored) {
  return readdirSync(folder, { withFileTypes: true }).flatMap(item => {
    const path = join(folder, item.name)
    return isIgnored(item.name) ? [] : item.isDirectory() ? filesBelow(path, isIgnored) : [path]
  })
}
