import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { findPython, makePythonEnvironment, PythonEnvironmentError, type PythonInterpreter } from '../src/index.js'

const search = findPython()

if (search.available) defineEnvironmentTests(search)
else test('makePythonEnvironment', ({ skip }) => skip(search.reason))

function defineEnvironmentTests(interpreter: PythonInterpreter): void {
  const temporaryFolder = mkdtempSync(join(tmpdir(), 'hist-environment-'))
  const cacheFolder = join(temporaryFolder, 'not', 'yet', 'there')
  let lines: string[] = []

  beforeEach(() => {
    lines = []
  })

  afterAll(() => rmSync(temporaryFolder, { recursive: true }))

  function make({ content = '# nothing\n', version = interpreter.version, timeoutMs = 120_000 } = {}) {
    const requirements = join(temporaryFolder, 'requirements.txt')
    writeFileSync(requirements, content)
    const report = (line: string) => lines.push(line)
    return makePythonEnvironment({ ...interpreter, version }, { cacheFolder, requirements, timeoutMs, report })
  }

  function locks(): string[] {
    return readdirSync(cacheFolder).filter(name => name.includes('.lock'))
  }

  // Making one takes 3 to 7 s: the tests go on with what the one before left.
  describe('makePythonEnvironment', { timeout: 120_000 }, () => {
    test('makes one for all who ask at once, and finds it again', async () => {
      const made = await Promise.all([make(), make(), make()])
      const again = await make()
      expect(new Set([...made, again].map(({ folder }) => folder)).size).toBe(1)
      expect(existsSync(again.python)).toBe(true)
      const making = lines.filter(line => !line.includes('waits for another process'))
      expect(making).toEqual(['python: making the virtual environment (first use, about 40 s)'])
      expect(locks()).toEqual([])
    })

    test('makes a half-made one anew', async () => {
      const { folder } = await make()
      rmSync(join(folder, 'complete.json'))
      writeFileSync(join(folder, 'half'), '')
      expect((await make()).folder).toBe(folder)
      expect([lines.length, existsSync(join(folder, 'half'))]).toEqual([1, false])
    })

    test('makes one anew whose interpreter is gone', async () => {
      const { python } = await make()
      rmSync(python)
      await make()
      expect([lines.length, existsSync(python)]).toEqual([1, true])
    })

    test('makes others for other requirements and for other versions', async () => {
      const made = [await make(), await make({ content: '# nothing else\n' }), await make({ version: '3.10.99' })]
      expect([lines.length, new Set(made.map(({ folder }) => folder)).size]).toEqual([2, 3])
    })

    test('shows what pip says when it fails, and is not complete then', async () => {
      const making = make({ content: 'missing-folder/missing.whl\n' })
      await expect(making).rejects.toThrow(PythonEnvironmentError)
      await expect(making).rejects.toThrow(/^ended with 1: .* -m pip install [\s\S]*missing\.whl/)
      const complete = readdirSync(cacheFolder).filter(folder => existsSync(join(cacheFolder, folder, 'complete.json')))
      expect([complete.length, locks()]).toEqual([3, []])
    })

    test('leaves nothing running when its process is gone', async () => {
      const sleep = 'import os, time; print(os.getpid(), flush=True); time.sleep(3600)'
      const watched = fileURLToPath(new URL('../src/watched.py', import.meta.url))
      const child = spawn(interpreter.executable, [watched, interpreter.executable, '-c', sleep], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      const [line] = await once(child.stdout, 'data')
      const isAlive = () => {
        try {
          return process.kill(Number(line), 0)
        } catch {
          return false
        }
      }
      child.kill('SIGINT')
      expect(isAlive()).toBe(true)
      // The system does this to all pipes of a process that ends.
      child.stdin.destroy()
      await vi.waitUntil(() => !isAlive(), { timeout: 20_000 })
    })

    test('gives up at its time limit', async () => {
      await expect(make({ content: '# slow\n', timeoutMs: 100 })).rejects.toThrow(/^no end within 0 s: .* -m venv /)
    })
  })
}
