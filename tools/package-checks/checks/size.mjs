// Why: history runs in lambdas and edge functions, where every kilobyte is start-up time, and size creeps a dependency at a time. What is
// measured is our own part: bundled, minified, gzipped; without declared dependencies, and for a subpath of core without core's root. A
// backend's root includes its ./store; DynamoDB's has two layouts, and Kafka's the reader and the writer that others have in their driver.
// Rockset's server starts once and stays; its budget, more than a quarter for the generated parser, only shows what creeps.
// (esbuild and zlib, not size-limit: the same numbers, without its four packages and second esbuild.)
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** @type {Record<string, number>} bytes */
const budgets = {
  '@hist/core': 10_000,
  '@hist/core/langchain': 4_000,
  '@hist/dynamodb': 12_500,
  '@hist/kafka': 16_500,
  '@hist/rockset-server': 40_000,
}
const rootBudget = 10_000

/**
 * @param {import('../unpacked-package.mjs').UnpackedPackage} subject
 * @returns {Promise<import('../unpacked-package.mjs').Outcome>}
 */
export async function checkSize({ name, manifest, entries, installed }) {
  const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
  const external = name === '@hist/core' ? [...dependencies, name] : dependencies
  const notes = []
  const problems = []
  for (const { specifier, import: file } of entries) {
    const bytes = await bundledSize(join(installed, file), external)
    const budget = budgets[specifier] ?? (specifier === name ? rootBudget : Number.POSITIVE_INFINITY)
    notes.push(
      `${specifier} ${kilobytes(bytes)} gzipped${budget < Number.POSITIVE_INFINITY ? `, budget ${kilobytes(budget)}` : ''}`,
    )
    if (bytes > budget) problems.push(`${specifier} is ${bytes} bytes gzipped, over its budget of ${budget}`)
  }
  return { notes, problems }
}

/**
 * @param {string} file
 * @param {string[]} external
 */
async function bundledSize(file, external) {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    external,
    write: false,
    logLevel: 'silent',
  })
  return outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0)
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`
}
