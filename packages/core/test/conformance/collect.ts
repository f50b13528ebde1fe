import { type ConformanceOptions, type ConformanceSetup, historyBackendContract } from '@hist/core/conformance'

/** The tests of the suite by name, to be run one by one. The simplest runner there can be. */
export function collect(
  setup: () => Promise<ConformanceSetup>,
  options: ConformanceOptions = {},
): Map<string, () => Promise<void>> {
  const tests = new Map<string, () => Promise<void>>()
  historyBackendContract({
    runner: {
      describe: (_name, define) => define(),
      it: (name, run) => {
        if (tests.has(name)) throw new Error(`two tests are named ${name}`)
        tests.set(name, run)
      },
    },
    name: 'collected',
    setup,
    options,
  })
  return tests
}

/** Runs them one after the other. */
export async function failures(tests: ReadonlyMap<string, () => Promise<void>>): Promise<string[]> {
  const failed: string[] = []
  for (const [name, run] of tests) await run().catch(error => failed.push(`${name}: ${String(error)}`))
  return failed
}
