import { afterAll, beforeAll, describe, test } from 'vitest'
import { makePythonEnvironment, makingTimeoutMs, type PythonEnvironment } from './environment.js'
import { findPython, type PythonSearch } from './interpreter.js'
import { type PythonPeer, startPythonPeer } from './peer.js'

export interface Python {
  /** Of the interpreter, as `3.11.7`. */
  readonly version: string
  /**
   * Starts a script as a process that serves its methods. For hooks and tests of the block; what they leave running is stopped after it.
   * @param settings what the script gets from `settings()`
   */
  start(script: URL | string, settings?: Record<string, unknown>): Promise<PythonPeer>
}

let search: PythonSearch | undefined

/**
 * A `describe` for tests that use the real Python classes. Its first hook makes the virtual environment when there is none yet. Without
 * Python there is one test of this title instead, skipped with the reason.
 */
export function describeWithPython(title: string, define: (python: Python) => void): void {
  search ??= findPython()
  const interpreter = search
  if (!interpreter.available) {
    test(title, ({ skip }) => skip(interpreter.reason))
    return
  }
  describe(title, () => {
    const peers: PythonPeer[] = []
    let environment: PythonEnvironment | undefined

    beforeAll(async () => {
      environment = await makePythonEnvironment(interpreter)
    }, makingTimeoutMs + 30_000)

    afterAll(async () => {
      await Promise.all(peers.map(peer => peer.stop()))
    })

    define({
      version: interpreter.version,
      async start(script, settings = {}) {
        if (environment === undefined) throw new Error('start Python in a hook or a test, not while tests are collected')
        const peer = await startPythonPeer({ python: environment.python, script, settings })
        peers.push(peer)
        return peer
      },
    })
  })
}
