import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findPython } from '../src/index.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hist-python-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

/** A program that answers the question as Python does. */
function install(command: string, ...answer: string[]): string {
  const path = join(folder, command)
  const script = `#!${process.execPath}\nconsole.log(${JSON.stringify(answer.join('\n'))})\n`
  writeFileSync(path, script, { mode: 0o755 })
  return path
}

function find(HIST_PYTHON?: string) {
  return findPython({ PATH: folder, ...(HIST_PYTHON === undefined ? {} : { HIST_PYTHON }) })
}

describe('findPython', () => {
  test('prefers python3', () => {
    install('python', '3.13.0', '/opt/python')
    install('python3', '3.11.7', '/opt/python3')
    expect(find()).toEqual({ available: true, executable: '/opt/python3', version: '3.11.7' })
  })

  test.each(['2.7.18', '3.6.15', '3.9.18'])('goes on to python when python3 is %s', version => {
    install('python3', version, '/opt/python3')
    install('python', '3.10.0', '/opt/python')
    expect(find()).toMatchObject({ executable: '/opt/python' })
  })

  test('takes HIST_PYTHON and nothing else', () => {
    install('python3', '3.11.7', '/opt/python3')
    const chosen = install('mine', '3.12.1', '/opt/mine')
    expect(find(chosen)).toMatchObject({ executable: '/opt/mine' })
    expect(find('')).toMatchObject({ executable: '/opt/python3' })
    expect(find(join(folder, 'missing'))).toEqual({
      available: false,
      reason: `needs Python 3.10 or newer with its venv module (${folder}/missing was not found): install it, named by HIST_PYTHON`,
    })
  })

  test('says what to install when there is none', () => {
    expect(find()).toEqual({
      available: false,
      reason:
        'needs Python 3.10 or newer with its venv module (python3 was not found, python was not found): install it, or name one in HIST_PYTHON',
    })
  })

  test('says which versions it found', () => {
    install('python3', '3.9.18', '/opt/python3')
    install('python', '2.7.18', '/opt/python')
    expect(find()).toMatchObject({ available: false, reason: expect.stringContaining('(python3 is 3.9.18, python is 2.7.18)') })
  })

  test('names the Debian package when venv would fail', () => {
    install('python3', '3.11.7', '/opt/python3', 'ensurepip')
    const reason = expect.stringContaining('(python3 3.11.7 lacks ensurepip, on Debian in the package python3-venv, python was')
    expect(find()).toMatchObject({ available: false, reason })
  })

  test('is not fooled by other programs', () => {
    install('python3', 'Python was not found; run without arguments to install from the Microsoft Store')
    writeFileSync(join(folder, 'python'), `#!${process.execPath}\nprocess.exit(9)\n`, { mode: 0o755 })
    expect(find()).toMatchObject({ reason: expect.stringContaining('(python3 is not Python, python does not run)') })
  })
})
