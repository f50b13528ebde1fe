import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MemoryBackend, type MemoryBackendOptions, MemoryDatabase } from '@hist/core'
import { type ConformanceRunner, createTestClock, historyBackendContract } from '@hist/core/conformance'
import { build } from 'tsup'
import { afterAll, describe, expect, it } from 'vitest'
import { collect, failures } from './collect.js'

const made: string[] = []
afterAll(() => Promise.all(made.map(directory => rm(directory, { recursive: true }))))

function memorySetup(calls: string[]) {
  return async () => {
    calls.push('setup')
    const database = new MemoryDatabase()
    return {
      open: (options: MemoryBackendOptions = {}) => new MemoryBackend({ database, ...options }),
      stop: async () => {
        calls.push('stop')
      },
    }
  }
}

describe.concurrent('the suite runs under any runner', () => {
  it('a plain collector: every test passes, the last one stops the database', async () => {
    const calls: string[] = []
    const tests = collect(memorySetup(calls), { longSession: 500 })
    expect(calls).toEqual([])
    expect(await failures(tests)).toEqual([])
    expect(calls).toEqual(['setup', 'stop'])
    expect([...tests.keys()].slice(-2)).toEqual(['what supports leaves out', 'the database is stopped'])
    expect(tests.size).toBeGreaterThan(150)
  })

  it('a test alone sets up by itself, and the summary is right about what ran', async () => {
    const calls: string[] = []
    const tests = collect(memorySetup(calls))
    await tests.get('[8] another client clears what this one wrote')?.()
    await tests.get('what supports leaves out')?.()
    expect(calls).toEqual(['setup'])
  })

  it('a setup that fails makes every test fail, and is not asked again', async () => {
    let asked = 0
    const tests = collect(async () => {
      asked++
      throw new Error('no server')
    })
    for (const name of [...tests.keys()].slice(0, 5)) await expect(tests.get(name)?.()).rejects.toThrow('no server')
    expect(asked).toBe(1)
  })

  it('hooks and time limits are used where the runner has them', () => {
    const seen: string[] = []
    const limits = new Set<number | undefined>()
    const runner: ConformanceRunner = {
      describe: (_name, define) => define(),
      it: (name, _run, timeoutMs) => {
        seen.push(name)
        limits.add(timeoutMs)
      },
      after: () => seen.push('after'),
    }
    historyBackendContract({ runner, name: 'x', setup: memorySetup([]), options: { testTimeoutMs: 1_234 } })
    expect(seen.slice(-2)).toEqual(['what supports leaves out', 'after'])
    expect([...limits]).toEqual([1_234])
  })

  it('where the server expires by its own time, the suite waits', async () => {
    const tests = collect(memorySetup([]), { expiry: 'server' })
    const expiring = [...tests].filter(([name]) => name.startsWith('[9]'))
    expect(expiring.length).toBeGreaterThan(5)
    await Promise.all(expiring.map(([_name, run]) => run()))
  })

  it('node:test, in a process of its own, which ends by itself', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hist-conformance-'))
    made.push(directory)
    await build({
      entry: [fileURLToPath(new URL('node-test-suite.ts', import.meta.url))],
      outDir: directory,
      format: ['esm'],
      outExtension: () => ({ js: '.mjs' }),
      noExternal: [/^@hist\//],
      removeNodeProtocol: false,
      esbuildOptions: options => {
        options.conditions = ['@hist/source']
      },
      config: false,
      silent: true,
    })
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--test-reporter=tap', join(directory, 'node-test-suite.mjs')],
      {
        env: { ...process.env, NODE_TEST_CONTEXT: undefined },
        timeout: 120_000,
      },
    )
    expect(stdout).toMatch(/^# fail 0$/m)
    expect(stdout).toMatch(/^# skipped 0$/m)
    expect(stdout).toMatch(/^# todo 0$/m)
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBe(collect(memorySetup([])).size - 1)
    expect(stdout).toContain('the database is stopped, 0 timers are left')
  }, 150_000)
})

describe('createTestClock', () => {
  it('stands still in ticks of 100 ns until it is moved', () => {
    const clock = createTestClock({ startMs: 1_000 })
    expect([clock.now(), clock.now()]).toEqual([10_000_000n, 10_000_000n])
    clock.advance(1.5)
    expect(clock.now()).toBe(10_015_000n)
    clock.advance(-1_001.5)
    expect(clock.now()).toBe(0n)
    clock.set(2)
    expect(clock.now()).toBe(20_000n)
  })

  it('starts at the present', () => {
    const before = BigInt(Date.now()) * 10_000n
    const now = createTestClock().now()
    expect(now >= before && now <= BigInt(Date.now()) * 10_000n).toBe(true)
  })
})
