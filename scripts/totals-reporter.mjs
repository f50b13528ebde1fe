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
    const totals = { passed: 0, failed: unhandledErrors.length, skipped: /** @type {string[]} */ ([]) }
    for (const module of testModules) {
      const failedBefore = totals.failed
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') totals.passed += 1
        else if (result.state === 'skipped')
          totals.skipped.push(`${module.relativeModuleId} > ${test.fullName} (${reasonOf(test)})`)
        else totals.failed += 1
      }
      // A file that could not be loaded, or whose hooks failed, fails without a failed test.
      if (!module.ok() && totals.failed === failedBefore) totals.failed += 1
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
