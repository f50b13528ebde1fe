import { describe, expect, it } from 'vitest'
import { type Broken, setupOf } from './broken-backend.js'
import { brokenOthers } from './broken-others.js'
import { brokenReads } from './broken-reads.js'
import { brokenRepeats } from './broken-repeats.js'
import { brokenWrites } from './broken-writes.js'
import { collect } from './collect.js'

/** These run before whatever is meant to fail, so that it does so in a database that is in use. */
const FIRST = 8

/** The suite bites: every defect is found, and by the tests that are meant to find it. */
describe.each(Object.entries({ brokenWrites, brokenRepeats, brokenReads, brokenOthers }))('%s', (_group, list) => {
  it.each(list)('a backend that $defect is caught', async (broken: Broken) => {
    const tests = [...collect(setupOf(broken))]
    const failed: string[] = []
    for (const [index, [name, run]] of tests.entries()) {
      if (index < FIRST || broken.caughtBy.includes(name)) await run().catch(() => failed.push(name))
    }
    expect(broken.caughtBy).not.toEqual([])
    expect(failed).toEqual(expect.arrayContaining(broken.caughtBy))
  })
})
