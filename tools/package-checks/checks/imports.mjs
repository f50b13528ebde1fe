// Why: installing one backend must not bring another one's driver, LangChain is optional for ./store, and core has no dependencies. What
// a file imports is what bundlers and npm act on, so the built files are walked, ESM and CommonJS: an entry may import Node's own modules,
// @hist/core, its own package and what its package.json declares; without LangChain where it promises so.
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'

/**
 * @param {import('../unpacked-package.mjs').UnpackedPackage} subject
 * @returns {Promise<import('../unpacked-package.mjs').Outcome>}
 */
export async function checkImports({ name, manifest, entries, installed }) {
  const declared = [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.peerDependencies ?? {})]
  /** @type {string[]} */
  const problems = []
  for (const entry of entries) {
    for (const file of [entry.import, entry.require]) {
      for (const path of await importsOf(join(installed, file))) {
        const imported = path.split('/', path.startsWith('@') ? 2 : 1).join('/')
        if (isBuiltin(path)) continue
        if (path.startsWith('@hist/') && ![name, '@hist/core'].includes(imported))
          problems.push(`${file} imports ${path}: packages depend on @hist/core only`)
        else if (imported !== name && !declared.includes(imported))
          problems.push(`${file} imports ${path}, which package.json does not declare`)
        const bringsLangChain =
          imported === '@langchain/core' ||
          path === '@hist/core/langchain' ||
          entries.some(other => other.needsLangChain && other.specifier === path)
        if (bringsLangChain && !entry.needsLangChain)
          problems.push(`${file} imports ${path}, but ${entry.specifier} must work without LangChain`)
      }
    }
  }
  return { problems: problems.map(problem => `imports of ${name}: ${problem}`) }
}

/**
 * @param {string} file
 * @returns {Promise<string[]>} what the file and the files of its own package import from elsewhere
 */
async function importsOf(file) {
  const { metafile } = await build({
    entryPoints: [file],
    bundle: true,
    packages: 'external',
    platform: 'node',
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const imports = Object.values(metafile.inputs).flatMap(input => input.imports)
  return [...new Set(imports.filter(({ external }) => external).map(({ path }) => path))]
}
