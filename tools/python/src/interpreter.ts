import { execFileSync } from 'node:child_process'

export interface PythonInterpreter {
  readonly available: true
  /** Absolute path of the program itself, behind any launcher. */
  readonly executable: string
  /** As `3.11.7`. */
  readonly version: string
}

export type PythonSearch = PythonInterpreter | { readonly available: false; readonly reason: string }

const needed = 'Python 3.10 or newer with its venv module'

// Runs on Python 2 as well: an old `python` is to be told apart from none.
const question = `
import sys
missing = []
if sys.version_info >= (3, 3):
    from importlib.util import find_spec
    missing = [name for name in ('venv', 'ensurepip') if find_spec(name) is None]
print('\\n'.join(['.'.join(map(str, sys.version_info[:3])), sys.executable] + missing))
`

/**
 * The interpreter named by the environment variable HIST_PYTHON and no other, else `python3`, else `python`. Takes some 50 ms.
 * Debian and Ubuntu ship Python without `ensurepip`, and `python3 -m venv` fails there: this counts as unavailable.
 */
export function findPython(environment: NodeJS.ProcessEnv = process.env): PythonSearch {
  const chosen = environment.HIST_PYTHON
  const commands = chosen ? [chosen] : ['python3', 'python']
  const findings: string[] = []
  for (const command of commands) {
    const found = ask(command, environment)
    if (typeof found !== 'string') return found
    findings.push(found)
  }
  const where = chosen ? 'named by HIST_PYTHON' : 'or name one in HIST_PYTHON'
  return { available: false, reason: `needs ${needed} (${findings.join(', ')}): install it, ${where}` }
}

/** A text says why it cannot be used. */
function ask(command: string, environment: NodeJS.ProcessEnv): PythonInterpreter | string {
  let answer: string
  try {
    answer = execFileSync(command, ['-c', question], {
      encoding: 'utf8',
      env: environment,
      timeout: 20_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return missing ? `${command} was not found` : `${command} does not run`
  }
  const [version = '', executable = '', ...missing] = answer.trim().split(/\r?\n/)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (!/^\d+\.\d+\.\d+$/.test(version) || executable === '') return `${command} is not Python`
  if (major < 3 || (major === 3 && minor < 10)) return `${command} is ${version}`
  if (missing.length > 0) return `${command} ${version} lacks ${missing.join(' and ')}, on Debian in the package python3-venv`
  return { available: true, executable, version }
}
