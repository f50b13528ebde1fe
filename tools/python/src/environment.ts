import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolder as commonCacheFolder, withFileLock } from '@hist/cache'
import { PythonEnvironmentError } from './errors.js'
import type { PythonInterpreter } from './interpreter.js'

export interface PythonEnvironment {
  readonly folder: string
  /** Absolute path of its interpreter. */
  readonly python: string
}

export interface PythonEnvironmentOptions {
  /** @default the one of HIST_SERVERS_CACHE, from the repository's root; else `node_modules/.cache/hist-servers` there */
  readonly cacheFolder?: string
  /** A file in pip's format with every package pinned. @default requirements.lock of this package */
  readonly requirements?: string
  /** For making it, waiting for another process apart. @default 300_000 */
  readonly timeoutMs?: number
  /** Gets a line of progress. @default console.info */
  readonly report?: (line: string) => void
}

const watched = fileURLToPath(new URL('./watched.py', import.meta.url))
const lockedRequirements = fileURLToPath(new URL('../requirements.lock', import.meta.url))

/** Time limit of making an environment. Hooks that wait for one need a longer one, or its error is never seen. */
export const makingTimeoutMs = 300_000

/**
 * The virtual environment with these requirements for this interpreter, made on first use. Its scripts hold absolute paths, so it cannot be
 * made elsewhere and renamed: it is complete when its stamp, written last, is there.
 * @throws PythonEnvironmentError
 */
export async function makePythonEnvironment(
  interpreter: PythonInterpreter,
  options: PythonEnvironmentOptions = {},
): Promise<PythonEnvironment> {
  const { requirements = lockedRequirements, timeoutMs = makingTimeoutMs, report = console.info } = options
  const cacheFolder = options.cacheFolder ?? commonCacheFolder()
  const deadline = Date.now() + timeoutMs
  const folder = join(cacheFolder, `python-${hashOf(readFileSync(requirements, 'utf8'), interpreter)}`)
  const python = process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python')
  const stamp = join(folder, 'complete.json')
  // `python` is a link to the interpreter: it leads nowhere once that one is uninstalled.
  const isComplete = () => existsSync(stamp) && existsSync(python)

  if (isComplete()) return { folder, python }
  const onWait = () => report('python: waits for another process that makes the virtual environment')
  return withFileLock(folder, onWait, async () => {
    if (isComplete()) return { folder, python }
    report('python: making the virtual environment (first use, about 40 s)')
    // What a killed process had started may write for another moment: then rmSync says ENOTEMPTY.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    await run(interpreter, [interpreter.executable, '-m', 'venv', folder], deadline)
    // Only wheels: building numpy or the Cassandra driver from source takes compilers and many minutes.
    const pip = [python, '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--only-binary', ':all:']
    await run(interpreter, [...pip, '--requirement', requirements], deadline)
    writeFileSync(`${stamp}.partial`, JSON.stringify({ python: interpreter.version, made: new Date().toISOString() }))
    renameSync(`${stamp}.partial`, stamp)
    return { folder, python }
  })
}

function hashOf(requirements: string, { version, executable }: PythonInterpreter): string {
  const parts = [requirements.replaceAll('\r\n', '\n'), version, executable, process.platform, process.arch]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/** The environment variables of this process but those that would mix another Python installation in. */
export function cleanVariables(): NodeJS.ProcessEnv {
  const { PYTHONHOME, PYTHONPATH, PYTHONSTARTUP, VIRTUAL_ENV, ...rest } = process.env
  return rest
}

function run(interpreter: PythonInterpreter, command: string[], deadline: number): Promise<void> {
  return new Promise((fulfil, reject) => {
    const limitMs = Math.max(1, deadline - Date.now())
    const child = spawn(interpreter.executable, [watched, ...command], { env: cleanVariables(), stdio: 'pipe' })
    let output = ''
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      child.stdin.end()
    }, limitMs)
    const collect = (text: string) => {
      output = (output + text).slice(-20_000)
    }
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    const done = (problem: string | undefined) => {
      clearTimeout(timer)
      if (problem === undefined) return fulfil()
      const lastLines = output.trimEnd().split('\n').slice(-20).join('\n')
      reject(new PythonEnvironmentError(`${problem}: ${command.join(' ')}\n${lastLines}`.trimEnd()))
    }
    child.once('error', error => done(error.message))
    child.once('close', (code, signal) => {
      if (code === 0) done(undefined)
      else done(timedOut ? `no end within ${Math.round(limitMs / 1000)} s` : `ended with ${code ?? signal}`)
    })
  })
}
