// Why: the names in names.json are promised to users and imported by acceptance checks. Each entry is imported as ESM and required as
// CommonJS, with LangChain, and without it where the entry must not need it: an accidental import of an optional peer breaks only those
// who did not install it, never us.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expectedNames } from '../expected-names.mjs'

const run = promisify(execFile)

/**
 * @param {import('../unpacked-package.mjs').UnpackedPackage} subject
 * @returns {Promise<import('../unpacked-package.mjs').Outcome>}
 */
export async function checkExports({ full, bare, entries }) {
  /** @type {string[]} */
  const problems = []
  for (const [project, where] of /** @type {const} */ ([
    [full, ''],
    [bare, ' without @langchain/core'],
  ])) {
    const usable = entries.filter(entry => project === full || !entry.needsLangChain)
    const specifiers = usable.map(entry => entry.specifier)
    for (const format of /** @type {const} */ (['import', 'require'])) {
      const loaded = await load(project, format, specifiers)
      for (const specifier of specifiers) {
        const found = loaded[specifier] ?? 'nothing was loaded'
        if (typeof found === 'string') problems.push(`${format} of ${specifier}${where}: ${found}`)
        else {
          const missing = expectedNames(specifier).values.filter(name => !found.includes(name))
          if (missing.length > 0) problems.push(`${format} of ${specifier}${where}: no export ${missing.join(', ')}`)
        }
      }
    }
  }
  return { problems }
}

/**
 * @param {string} project
 * @param {'import' | 'require'} format
 * @param {string[]} specifiers
 * @returns {Promise<Record<string, string[] | string>>} the names of each export, or what went wrong
 */
async function load(project, format, specifiers) {
  const loader = `
    const results = {}
    const load = ${format === 'import' ? 'specifier => import(specifier)' : 'async specifier => require(specifier)'}
    const all = ${JSON.stringify(specifiers)}.map(async specifier => {
      results[specifier] = await load(specifier).then(Object.keys, error => String(error))
    })
    Promise.all(all).then(() => console.info(JSON.stringify(results)))`
  const type = format === 'import' ? 'module' : 'commonjs'
  try {
    return JSON.parse(
      (await run(process.execPath, [`--input-type=${type}`, '--eval', loader], { cwd: project, timeout: 60_000 })).stdout,
    )
  } catch (error) {
    return Object.fromEntries(specifiers.map(specifier => [specifier, String(error)]))
  }
}
