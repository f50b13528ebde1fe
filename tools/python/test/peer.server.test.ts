import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { findPython, type PythonPeer, PythonProcessError, startPythonPeer } from '../src/index.js'

const script = new URL('./fixtures/protocol-peer.py', import.meta.url)
const search = findPython()

if (search.available) definePeerTests(search.executable)
else test('a Python peer', ({ skip }) => skip(search.reason))

function definePeerTests(python: string): void {
  const peers: PythonPeer[] = []

  async function start(settings: Record<string, unknown> = {}): Promise<PythonPeer> {
    const peer = await startPythonPeer({ python, script, settings })
    peers.push(peer)
    return peer
  }

  afterEach(async () => {
    await Promise.all(peers.splice(0).map(peer => peer.stop()))
  })

  describe('a Python peer', () => {
    test('gets its settings and answers calls in order', async () => {
      const peer = await start({ port: 9042, name: 'é' })
      const order: number[] = []
      const slow = peer.call('echo', { value: 1 }).finally(() => order.push(1))
      const answers = await Promise.all([slow, peer.call('settings').finally(() => order.push(2))])
      expect([answers, order]).toEqual([
        [1, { port: 9042, name: 'é' }],
        [1, 2],
      ])
    })

    test.each([
      'café 👩‍🚀 你好 مرحبا',
      'a\u0000b\u001f\u007f',
      '\r\n\u0085\u2028\u2029\ufeff"\\',
      'high \ud800 low \udc00 reversed \udc00\ud800',
    ])('carries %j', async text => {
      const peer = await start()
      expect(await peer.call('echo', { value: { [text]: [text] } })).toEqual({ [text]: [text] })
      expect(await peer.call('code_points', { text })).toEqual(Array.from(text, character => character.codePointAt(0)))
    })

    test('carries a megabyte, a lone surrogate made in Python, and null', async () => {
      const peer = await start()
      const value = '✓'.repeat(1_000_000)
      expect((await peer.call('echo', { value })) === value).toBe(true)
      expect(await peer.call('surrogate')).toBe('a\udc00b')
      expect(await peer.call('echo', { value: null })).toBe(null)
    })

    test.each([Number.NaN, Number.POSITIVE_INFINITY, 1n])('refuses %s before it is sent', async value => {
      const peer = await start()
      await expect(peer.call('echo', { value })).rejects.toThrow(TypeError)
      expect(await peer.call('echo', { value: 2 })).toBe(2)
    })

    test.each([
      ['not_a_number', {}, 'ValueError'],
      ['a_set', {}, 'TypeError'],
      ['missing', {}, 'LookupError'],
      ['echo', { other: 1 }, 'TypeError'],
    ])('%s with %j is an error that names %s', async (method, parameters, type) => {
      const peer = await start()
      await expect(peer.call(method, parameters)).rejects.toMatchObject({ name: 'PythonError', type })
      expect(await peer.call('echo', { value: 2 })).toBe(2)
    })

    test('gives name, text and traceback of an exception', async () => {
      const peer = await start()
      await expect(peer.call('fail', { text: 'no ✓ here' })).rejects.toMatchObject({
        name: 'PythonError',
        type: 'FileNotFoundError',
        text: 'no ✓ here',
        message: 'FileNotFoundError: no ✓ here',
        traceback: expect.stringMatching(/protocol-peer\.py", line \d+, in fail/),
      })
    })

    test('is not disturbed by what libraries print or read', async () => {
      const peer = await start()
      await peer.call('noise')
      expect(await peer.call('stdin')).toBe('')
      const dying = peer.call('die', { code: 3 })
      await expect(dying).rejects.toThrow(/from Python[\s\S]*from a library[\s\S]*from a child/)
    })

    test('tells of its death to the calls under way and after', async () => {
      const peer = await start()
      const dying = peer.call('die', { code: 3 })
      const waiting = peer.call('echo', { value: 1 })
      await expect(dying).rejects.toThrow(PythonProcessError)
      await expect(dying).rejects.toThrow(/protocol-peer\.py ended with 3\nlast words: schön/)
      await expect(waiting).rejects.toThrow('last words: schön')
      await expect(peer.call('echo', { value: 1 })).rejects.toThrow('last words: schön')
    })

    test('does not start when the script fails before it serves', async () => {
      await expect(start({ raise: 'no server there' })).rejects.toThrow(/ended with 1\n[\s\S]*RuntimeError: no server there/)
    })

    test('does not start when the script does not serve in time', async () => {
      const starting = startPythonPeer({ python, script, settings: { sleep: 60 }, startTimeoutMs: 500 })
      await expect(starting).rejects.toThrow(/no serve\(\) within 0.5 s/)
    })

    test('does not start without its interpreter', async () => {
      await expect(startPythonPeer({ python: '/missing/python', script })).rejects.toThrow(/did not start: .*ENOENT/)
    })

    test('stops after the calls it has got', async () => {
      const peer = await start()
      const last = peer.call('echo', { value: 'done' })
      await peer.stop()
      expect([await last, isAlive(peer.pid)]).toEqual(['done', false])
      await expect(peer.call('echo', { value: 1 })).rejects.toThrow('was stopped')
      await peer.stop()
    })

    test('is ended by force when a call hangs', async () => {
      const peer = await start()
      const hanging = peer.call('hang')
      const [rejection] = await Promise.allSettled([hanging, peer.stop()])
      expect(rejection).toMatchObject({ status: 'rejected', reason: { name: 'PythonProcessError' } })
      expect(isAlive(peer.pid)).toBe(false)
    })

    test('does not outlive a killed test process, even in a call that hangs', async () => {
      const starter = `
        const peer = require('node:child_process').spawn(process.argv[1], ['-u', process.argv[2]], {
          env: { ...process.env, PYTHONPATH: process.argv[3], PYTHONDONTWRITEBYTECODE: '1' },
          stdio: ['pipe', 'pipe', 'inherit'],
        })
        peer.stdout.once('data', () => console.log(peer.pid))
        peer.stdin.write('{}\\n{"id":1,"method":"hang","params":{}}\\n')`
      const modules = fileURLToPath(new URL('../src', import.meta.url))
      const testProcess = spawn(process.execPath, ['-e', starter, python, fileURLToPath(script), modules], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [line] = await once(testProcess.stdout, 'data')
      const pid = Number(line)
      expect(isAlive(pid)).toBe(true)
      testProcess.kill('SIGKILL')
      await vi.waitUntil(() => !isAlive(pid), { timeout: 20_000 })
    })
  })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
