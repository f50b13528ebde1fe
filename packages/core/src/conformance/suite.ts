import { Lab, type LabSetup } from './lab.js'

/**
 * What runs the tests: vitest's module, node:test's, `{ describe, it }` of others, or a plain collector. Without an after hook the
 * database is stopped by a last test.
 */
export interface ConformanceRunner {
  describe(name: string, define: () => void): unknown
  it(name: string, run: () => Promise<void>, timeoutMs?: number): unknown
  afterAll?(run: () => Promise<void>, timeoutMs?: number): unknown
  after?(run: () => Promise<void>): unknown
}

/** Defines the tests of one theme. */
export type Section = (suite: Suite) => void

/** Registers tests with the runner and gives each its lab. The database is set up by the first test that runs. */
export class Suite {
  readonly #runner: ConformanceRunner
  readonly #timeoutMs: number
  readonly #setup: () => Promise<LabSetup>
  #ready: Promise<LabSetup> | undefined
  #defined = 0
  #finished = 0

  constructor(runner: ConformanceRunner, timeoutMs: number, setup: () => Promise<LabSetup>) {
    this.#runner = runner
    this.#timeoutMs = timeoutMs
    this.#setup = setup
  }

  describe(name: string, define: () => void): void {
    this.#runner.describe(name, define)
  }

  test(promise: string, run: (lab: Lab) => Promise<void>): void {
    this.#defined++
    this.plainTest(promise, async () => {
      const lab = new Lab(await this.ready())
      try {
        await run(lab)
      } catch (error) {
        // The test's own failure says more than what closing meets after it.
        await lab.finish().catch(() => undefined)
        throw error
      }
      await lab.finish()
      this.#finished++
    })
  }

  plainTest(name: string, run: () => Promise<void>): void {
    this.#runner.it(name, run, this.#timeoutMs)
  }

  /** All tests so far ran to their end: nothing was filtered out, nothing failed. */
  get complete(): boolean {
    return this.#defined === this.#finished
  }

  ready(): Promise<LabSetup> {
    this.#ready ??= this.#setup()
    return this.#ready
  }

  afterAll(run: () => Promise<void>): void {
    const runIfSetUp = async () => {
      if (this.#ready !== undefined) await run()
    }
    if (this.#runner.afterAll !== undefined) this.#runner.afterAll(runIfSetUp, this.#timeoutMs)
    else if (this.#runner.after !== undefined) this.#runner.after(runIfSetUp)
    else this.plainTest('the database is stopped', runIfSetUp)
  }
}

/** Built by the first test of a database that needs it, shared by the rest. */
export function once<T>(build: (lab: Lab) => Promise<T>): (lab: Lab) => Promise<T> {
  const built = new WeakMap<LabSetup, Promise<T>>()
  return lab => {
    const result = built.get(lab.setup) ?? build(lab)
    built.set(lab.setup, result)
    return result
  }
}
