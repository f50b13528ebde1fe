// @ts-check
// Static checks and tests, and their sum.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare, turbo } from './build.mjs'
import { environment, run, step } from './processes.mjs'
import { exists, publishedPackages, read } from './workspace.mjs'

/** Of vitest, in the order of vitest.config.ts. */
const withoutServers = ['--project', 'unit', '--project', 'floor', '--project', 'agent-floor']
const inCI = !['', 'false', undefined].includes(process.env.CI)

/** @typedef {{ passed: number, failed: string[], skipped: string[] }} Totals what failed or was skipped, and why */

/** The tests that the arguments of vitest name. @param {string[]} vitestArguments */
export function test(vitestArguments) {
  return report(() => runVitest(vitestArguments, 'inherit'))
}

/** Everything that needs no server. */
export function check() {
  return report(() => checkInProcess('inherit'))
}

/** What needs no server runs beside what waits for servers most of the time; the output of its tests comes when they are over. */
export function testAll() {
  return report(async () => {
    const onServers = runVitest(['--project', 'servers', '--project', 'clusters'], 'inherit')
    const tracks = await Promise.all([checkInProcess('pipe'), onServers])
    return {
      passed: tracks.reduce((sum, { passed }) => sum + passed, 0),
      failed: tracks.flatMap(({ failed }) => failed),
      skipped: tracks.flatMap(({ skipped }) => skipped),
    }
  })
}

/**
 * The last line is always the sum, and before it stands once more what failed: two tracks have printed by then. A step before the tests that
 * fails counts as one failure: the line is never green by mistake.
 * @param {() => Promise<Totals>} runAll
 * @returns {Promise<number>} the exit code
 */
async function report(runAll) {
  const none = { passed: 0, failed: ['install or build'], skipped: [] }
  const { passed, failed, skipped } = (await prepare()) === 0 ? await runAll() : none
  const skippedInCI = inCI && skipped.length > 0
  if (failed.length > 0) console.error(`\nFAILED:\n${failed.join('\n')}`)
  const headline = skippedInCI ? 'FAILED: in CI nothing may be skipped' : 'SKIPPED, so not tested'
  if (skipped.length > 0) console.error(`\n${headline}:\n${skipped.join('\n')}`)
  console.info(`\n${passed} passed, ${failed.length} failed, ${skipped.length} skipped`)
  return failed.length > 0 || skippedInCI ? 1 : 0
}

/**
 * @param {'inherit' | 'pipe'} mode of the tests
 * @returns {Promise<Totals>}
 */
async function checkInProcess(mode) {
  const failedChecks = await runStaticChecks()
  const totals = await runVitest(withoutServers, mode)
  return { ...totals, failed: [...failedChecks, ...totals.failed] }
}

/** @returns {Promise<string[]>} those that failed */
async function runStaticChecks() {
  const packages = publishedPackages()
  const codes = {
    'lint and format': await step('lint and format', 'biome', ['ci', '--error-on-warnings', '--colors=off', '.']),
    'types and packages': await turbo('types and packages', ['typecheck', ...packages.map(folder => `package-checks:${folder}`)]),
  }
  for (const notes of packages.map(folder => join('tools', 'package-checks', 'dist', `${folder}.txt`)).filter(exists)) {
    console.info(read(notes).trimEnd().replace(/^/gm, '  '))
  }
  return Object.entries(codes).flatMap(([check, code]) => (code === 0 ? [] : [check]))
}

/**
 * @param {string[]} vitestArguments
 * @param {'inherit' | 'pipe'} mode
 * @returns {Promise<Totals>}
 */
async function runVitest(vitestArguments, mode) {
  const folder = mkdtempSync(join(tmpdir(), 'hist-test-'))
  const file = join(folder, 'totals.json')
  process.on('exit', () => rmSync(folder, { recursive: true }))
  const args = ['run', '--reporter=default', '--reporter=./scripts/totals-reporter.mjs', ...vitestArguments]
  const { code, output } = await run('vitest', args, mode, { ...environment, HIST_TEST_TOTALS: file })
  if (output !== '') console.info(output)
  /** @type {Totals} */
  const totals = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: [], skipped: [] }
  const none = totals.passed + totals.failed.length + totals.skipped.length === 0
  if (totals.failed.length === 0 && (none || code !== 0))
    totals.failed.push(none ? 'no test was run' : `vitest ended with ${code}`)
  return totals
}
