// The program as it is installed, so the build must be up to date: `npm run build`.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { connect, type TestServer } from './test-server.js'

const program = fileURLToPath(new URL('../bin/hist-rockset-server.js', import.meta.url))

export interface Ending {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Ended after the test at the latest. */
export function spawnProgram(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { HIST_ROCKSET_API_KEY, ...inherited } = process.env
  const env = { ...inherited, ...environment }
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Until it ends by itself. */
export async function runProgram(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Ending> {
  const child = spawnProgram(args, environment)
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, output, errors }
}

export interface ServerProcess {
  readonly child: ChildProcess
  readonly server: TestServer
}

/** On a free port, once it listens. */
export async function startServerProcess(
  args: readonly string[],
  { apiKey = 'any', ...environment }: { apiKey?: string } & NodeJS.ProcessEnv = {},
): Promise<ServerProcess> {
  const child = spawnProgram(['--port', '0', ...args], environment)
  for await (const line of createInterface(child.stdout)) {
    const { message, url } = JSON.parse(line)
    if (message !== 'listening') continue
    child.stdout.resume()
    child.stderr.resume()
    return { child, server: connect({ url, close: async () => {} }, apiKey) }
  }
  throw new Error(`the server did not start: ${await text(child.stderr)}`)
}

/** @returns its exit code; null if the signal ended it */
export async function stopServerProcess({ child }: ServerProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit')
  child.kill(signal)
  return (await exited)[0]
}
