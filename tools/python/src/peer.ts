import { spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { cleanVariables } from './environment.js'
import { PythonError, PythonProcessError } from './errors.js'

export interface PythonPeerOptions {
  /** The interpreter to run it with. */
  readonly python: string
  /** A file URL or path of a script that ends in `serve({ … })` of peer.py, which it can import. */
  readonly script: URL | string
  /** What the script gets from `settings()`. Has to be JSON. */
  readonly settings?: Record<string, unknown>
  /** For the script to reach `serve`, its imports and connecting included. @default 60_000 */
  readonly startTimeoutMs?: number
}

export interface PythonPeer extends AsyncDisposable {
  readonly pid: number
  /**
   * Calls a method with named parameters. Calls are answered in order.
   *
   * JSON only, both ways: -0, integers above 2^53 and the difference between 1 and 1.0 get lost, unless the method takes and gives them as
   * text. NaN and infinities are refused: here by TypeError, in Python by ValueError.
   * @throws PythonError when the method raised an exception, or its result is no JSON
   * @throws PythonProcessError when the process ended without an answer
   */
  call(method: string, parameters?: Record<string, unknown>): Promise<unknown>
  /** Closes its stdin and waits for its end, which is forced after 5 s. */
  stop(): Promise<void>
}

interface Answer {
  readonly ready?: true
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly type: string; readonly message: string; readonly traceback: string }
}

interface Pending {
  fulfil(result: unknown): void
  reject(error: Error): void
}

const moduleFolder = dirname(fileURLToPath(import.meta.url))
const stopTimeoutMs = 5000

/** Starts a script as a process of its own. It ends with this process: then its stdin closes. */
export async function startPythonPeer(options: PythonPeerOptions): Promise<PythonPeer> {
  const script = options.script instanceof URL ? fileURLToPath(options.script) : options.script
  const env = {
    ...cleanVariables(),
    PYTHONPATH: moduleFolder,
    PYTHONUTF8: '1',
    // A __pycache__ in the source tree would hold paths of this machine.
    PYTHONDONTWRITEBYTECODE: '1',
  }
  // Settings may hold passwords: they go through stdin, not through arguments or variables that `ps` shows.
  const firstLine = toLine(options.settings ?? {})
  const child = spawn(options.python, ['-u', script], { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const pending = new Map<number, Pending>()
  let ended: PythonProcessError | undefined
  let stopping = false
  let lastId = 0
  let output = ''

  const ready = new Promise<unknown>((fulfil, reject) => pending.set(0, { fulfil, reject }))
  const end = new Promise<void>(fulfil => {
    const fail = (what: string) => {
      ended ??= new PythonProcessError(`${script} ${what}\n${output.trimEnd().split('\n').slice(-40).join('\n')}`.trimEnd())
      for (const { reject } of pending.values()) reject(ended)
      pending.clear()
      fulfil()
    }
    child.once('error', error => fail(`did not start: ${error.message}`))
    child.once('close', (code, signal) => fail(`${stopping ? 'was stopped' : 'ended'} with ${code ?? signal}`))
  })

  function receive(line: string): void {
    const answer: Answer = JSON.parse(line)
    const id = answer.ready ? 0 : (answer.id ?? -1)
    const call = pending.get(id)
    pending.delete(id)
    if (answer.error) call?.reject(new PythonError(answer.error.type, answer.error.message, answer.error.traceback))
    else call?.fulfil(answer.result)
  }

  createInterface({ input: child.stdout }).on('line', receive)
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-50_000)
  })
  // A write to a process that has just died fails here as well; 'close' tells the reason.
  child.stdin.on('error', () => undefined)
  child.stdin.write(firstLine)

  async function stop(): Promise<void> {
    stopping = true
    child.stdin.end()
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    await end
    clearTimeout(timer)
  }

  function call(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    if (ended) return Promise.reject(ended)
    return new Promise((fulfil, reject) => {
      lastId += 1
      const line = toLine({ id: lastId, method, params })
      pending.set(lastId, { fulfil, reject })
      child.stdin.write(line)
    })
  }

  const startTimeoutMs = options.startTimeoutMs ?? 60_000
  const timer = setTimeout(() => {
    output += `\n(no serve() within ${startTimeoutMs / 1000} s)`
    child.kill('SIGKILL')
  }, startTimeoutMs)
  try {
    await ready
  } finally {
    clearTimeout(timer)
  }
  return { pid: child.pid ?? 0, call, stop, [Symbol.asyncDispose]: stop }
}

/** JSON.stringify would make NaN and Infinity null, and the test would pass on another value than it names. */
function toLine(value: unknown): string {
  const text = JSON.stringify(value, (key, part) => {
    if (typeof part === 'number' && !Number.isFinite(part)) throw new TypeError(`${key}: ${part} is no JSON`)
    return part
  })
  return `${text}\n`
}
