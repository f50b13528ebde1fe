import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

// A run of its own: what counts is what the totals of `npm test` get to see.
test('without Python, describeWithPython is one skipped test that says why', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hist-python-'))
  const totals = join(folder, 'totals.json')
  const command = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  const fixtures = fileURLToPath(new URL('./fixtures', import.meta.url))
  const reporter = fileURLToPath(new URL('../../../scripts/totals-reporter.mjs', import.meta.url))
  try {
    execFileSync(process.execPath, [command, 'run', `--root=${fixtures}`, `--reporter=${reporter}`], {
      env: { ...process.env, HIST_PYTHON: join(folder, 'missing'), HIST_TEST_TOTALS: totals },
      stdio: 'pipe',
    })
    const skipped = [
      expect.stringMatching(/with-python\.fixture\.ts > shares the table with Python \(needs Python 3\.10 or newer .*\)$/),
    ]
    expect(JSON.parse(readFileSync(totals, 'utf8'))).toEqual({ passed: 0, failed: [], skipped })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
