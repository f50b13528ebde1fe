// @ts-check
// Static checks and tests, and their sum.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare, turbo } from './build.mjs'
import { environment, run, step } from './processes.mjs'
import { exists, publishedPackages, read } from './workspace.mjs'

/** The vitest projects that need no server, as arguments. */
export const withoutServers = ['unit', 'floor', 'agent-floor'].flatMap(name => ['--project', name])
const inCI = !['', 'false', undefined].includes(process.env.CI)

/**
 * The last line is always the sum. A step before the tests that fails counts as one failure: the line is never green by mistake.
 * @param {string[]} vitestArguments
 * @param {boolean} withStaticChecks
 */
export async function test(vitestArguments, withStaticChecks) {
  let { passed, failed, skipped } = { passed: 0, failed: 1, skipped: /** @type {string[]} */ ([]) }
  if ((await prepare()) === 0) {
    const failedChecks = withStaticChecks ? await runStaticChecks() : 0
    ;({ passed, failed, skipped } = await runTests(vitestArguments))
    failed += failedChecks
  }
  const skippedInCI = inCI && skipped.length > 0
  const headline = skippedInCI ? 'FAILED: in CI nothing may be skipped' : 'SKIPPED, so not tested'
  if (skipped.length > 0) console.error(`\n${headline}:\n${skipped.join('\n')}`)
  console.info(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`)
  return failed > 0 || skippedInCI ? 1 : 0
}

/** @returns {Promise<number>} how many static checks failed */
async function runStaticChecks() {
  const packages = publishedPackages()
  const codes = [
    await step('lint and format', 'biome', ['ci', '--error-on-warnings', '--colors=off', '.']),
    await turbo('types and packages', ['typecheck', ...packages.map(folder => `package-checks:${folder}`)]),
  ]
  for (const notes of packages.map(folder => join('tools', 'package-checks', 'dist', `${folder}.txt`)).filter(exists)) {
    console.info(read(notes).trimEnd().replace(/^/gm, '  '))
  }
  return codes.filter(code => code !== 0).length
}

/**
 * All tests at once, or those that the arguments name. What needs no server runs beside what waits for servers most of the time; its output
 * comes when it is over.
 * @param {string[]} vitestArguments
 */
async function runTests(vitestArguments) {
  if (vitestArguments.length > 0) return runVitest(vitestArguments)
  const [inProcess, onServers] = await Promise.all([
    runVitest(withoutServers, 'pipe'),
    runVitest(['--project', 'servers', '--project', 'clusters']),
  ])
  return {
    passed: inProcess.passed + onServers.passed,
    failed: inProcess.failed + onServers.failed,
    skipped: [...inProcess.skipped, ...onServers.skipped],
  }
}

/**
 * @param {string[]} vitestArguments
 * @param {'inherit' | 'pipe'} mode
 * @returns {Promise<{ passed: number, failed: number, skipped: string[] }>}
 */
async function runVitest(vitestArguments, mode = 'inherit') {
  const folder = mkdtempSync(join(tmpdir(), 'hist-test-'))
  const file = join(folder, 'totals.json')
  process.on('exit', () => rmSync(folder, { recursive: true }))
  const args = ['run', '--reporter=default', '--reporter=./scripts/totals-reporter.mjs', ...vitestArguments]
  const { code, output } = await run('vitest', args, mode, { ...environment, HIST_TEST_TOTALS: file })
  if (output !== '') console.info(output)
  const totals = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skipped: [] }
  const none = totals.passed + totals.failed + totals.skipped.length === 0
  if (none) console.error('No test was run.')
  if (totals.failed === 0 && (none || code !== 0)) totals.failed = 1
  return totals
}
