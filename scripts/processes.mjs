// @ts-check
// The programs that scripts/run.mjs starts, and their end: none outlives the command.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { root } from './workspace.mjs'

const verbose = !['', '0', undefined].includes(process.env.HIST_VERBOSE)

/**
 * Of every program. The installation puts its tools on the PATH.
 * @type {NodeJS.ProcessEnv}
 */
export const environment = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }

/** @type {NodeJS.Signals | undefined} */
let stoppedBy
/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set()

/**
 * A step is one line; its output is shown when it fails, or always with HIST_VERBOSE=1.
 * @param {string} title
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
export async function step(title, program, args) {
  return (await timed(title, program, args, verbose ? 'inherit' : 'pipe')).code
}

/**
 * @param {string} title
 * @param {string} program
 * @param {string[]} args
 * @param {'inherit' | 'pipe'} mode
 */
export async function timed(title, program, args, mode) {
  const start = performance.now()
  if (process.stdout.isTTY) process.stdout.write(mode === 'inherit' ? `${title} …\n` : `${title} … \r`)
  const { code, output } = await run(program, args, mode)
  console.info(`${title} … ${code === 0 ? 'ok' : 'FAILED'}, ${((performance.now() - start) / 1000).toFixed(1)} s`)
  if (code !== 0) console.error(output)
  return { code, output }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
export async function show(program, args) {
  return (await run(program, args, 'inherit')).code
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {'inherit' | 'pipe'} output
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number, output: string }>} `output` only with 'pipe'
 */
export function run(program, args, output, env = environment) {
  return new Promise(resolve => {
    // A process group of its own: a signal reaches the children's children, and nothing outlives the command.
    const child = spawn(program, args, {
      cwd: root,
      env,
      detached: true,
      stdio: [output === 'inherit' ? 'inherit' : 'ignore', output, output],
    })
    children.add(child)
    let text = ''
    const collect = (/** @type {string} */ chunk) => {
      text += chunk
    }
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', collect)
    child.on('error', error => {
      children.delete(child)
      resolve({ code: 127, output: error.message })
    })
    child.on('exit', () => signalGroup(child, 'SIGKILL'))
    child.on('close', (code, signal) => {
      children.delete(child)
      if (stoppedBy && children.size === 0) process.exit(128 + constants.signals[stoppedBy])
      resolve({ code: code ?? 128 + (signal ? constants.signals[signal] : 0), output: text })
    })
  })
}

/**
 * Ends the programs, and with the last of them this process.
 * @param {NodeJS.Signals} signal
 */
export function stop(signal) {
  // npm forwards the terminal's Ctrl-C, which has reached us already.
  if (stoppedBy) return
  stoppedBy = signal
  if (children.size === 0) process.exit(128 + constants.signals[signal])
  for (const child of children) signalGroup(child, signal)
  const kill = () => {
    for (const child of children) signalGroup(child, 'SIGKILL')
  }
  setTimeout(kill, 10_000).unref()
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function signalGroup(child, signal) {
  try {
    if (child.pid) process.kill(-child.pid, signal)
  } catch {
    // No process of the group is left.
  }
}
