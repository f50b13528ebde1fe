// @ts-check
// Vitest reporter that writes the sums scripts/run.mjs prints and judges by. Vitest's JSON reporter knows neither why a test was skipped nor
// errors outside of tests.
import { writeFileSync } from 'node:fs'

export default class TotalsReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} testModules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   */
  onTestRunEnd(testModules, unhandledErrors) {
    /** @type {import('./checks.mjs').Totals} */
    const totals = { passed: 0, failed: unhandledErrors.map(error => `outside of tests: ${summaryOf(error)}`), skipped: [] }
    for (const module of testModules) {
      const failedBefore = totals.failed.length
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') totals.passed += 1
        else if (result.state === 'skipped')
          totals.skipped.push(`${module.relativeModuleId} > ${test.fullName} (${reasonOf(test)})`)
        else totals.failed.push(`${module.relativeModuleId} > ${test.fullName}: ${summaryOf(result.errors?.[0])}`)
      }
      // A file that could not be loaded, or whose hooks failed, fails without a failed test.
      if (!module.ok() && totals.failed.length === failedBefore)
        totals.failed.push(`${module.relativeModuleId}: ${summaryOf(module.errors()[0] ?? 'a hook failed')}`)
    }
    if (process.env.HIST_TEST_TOTALS) writeFileSync(process.env.HIST_TEST_TOTALS, JSON.stringify(totals))
  }
}

/** @param {import('vitest/node').TestCase} test */
function reasonOf(test) {
  const result = test.result()
  const note = result.state === 'skipped' ? result.note : undefined
  return note ?? (test.options.mode === 'run' ? 'never ran: a hook before it failed' : test.options.mode)
}

/**
 * What it says, and where and how expected and received differ, as far as a summary has room for it.
 * @param {unknown} error
 */
function summaryOf(error) {
  const { message = error, diff = '', stacks = [] } = /** @type {Partial<import('vitest').TestError>} */ (error ?? {})
  const places = stacks.slice(0, 1).map(({ file, line }) => `at ${file}:${line}`)
  return [message, ...places, diff].join('\n').trimEnd().split('\n').slice(0, 20).join('\n  ')
}
