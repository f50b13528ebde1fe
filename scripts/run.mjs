// @ts-check
// One entry for all root commands: node scripts/run.mjs demo|test|check|fix|build|bench|servers [arguments]
// It brings a fresh clone into shape by itself and needs only Node and npm for that, so it cannot use any dependency. Each command first
// installs and builds what is out of date. A step is one line; its output is shown when it fails, or always with HIST_VERBOSE=1.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const manifest = readJson('package.json')
const verbose = !['', '0', undefined].includes(process.env.HIST_VERBOSE)
const inCI = !['', 'false', undefined].includes(process.env.CI)
/** @type {NodeJS.ProcessEnv} */
const environment = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }

// Commands and steps answer with an exit code. 0 is success and false, so `a || b` goes on to b as long as all is well.
/** @type {Record<string, (args: string[]) => Promise<number>>} */
const commands = {
  /** Runs the example app. */
  demo: async args => (await prepare()) || (await show('node', ['examples/demo/demo.mjs', ...args])),
  /** What `check` does, and the tests that need real servers. With arguments: only vitest, with these. */
  test: args => test(args, args.length === 0),
  /** Everything that needs no server. Writes to no tracked file. */
  check: () => test(['--project', 'unit', '--project', 'floor'], true),
  /** The only command that writes to tracked files: formatting, safe lint fixes, API snapshots, code and tables of READMEs. */
  fix,
  build: prepare,
  /** Measures against other implementations. */
  bench: async args => (await prepare()) || (await show('node', ['tools/bench/index.mjs', ...args])),
  /** Starts and stops real servers that outlive the command. */
  servers: async args => (await prepare()) || (await show('node', ['tools/servers/dist/cli.js', ...args])),
}

const [name = '', ...commandArguments] = process.argv.slice(2)
const [neededMajor, neededMinor] = manifest.engines.node.replace('>=', '').split('.').map(Number)
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
/** @type {NodeJS.Signals | undefined} */
let stoppedBy
/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set()

if (major < neededMajor || (major === neededMajor && minor < neededMinor)) {
  console.error(`Node ${manifest.engines.node} is needed; this is ${process.versions.node} (${process.execPath}).`)
  process.exitCode = 1
} else if (!commands[name]) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(commands).join('|')} [arguments]`)
  process.exitCode = 2
} else {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => stop(signal))
  // npm passes a signal on to its shell, and the shell to nobody: that our parent is gone is all there is to see.
  const parent = process.ppid
  if (process.env.npm_command) setInterval(() => process.ppid !== parent && stop('SIGTERM'), 500).unref()
  process.exitCode = await commands[name](commandArguments)
}

async function prepare() {
  return (await install()) || (await build())
}

/** Installs with the pnpm that `packageManager` names, unless all that an installation follows from is as it was at the last one. */
async function install() {
  const folders = ['packages', 'tools', 'examples'].flatMap(parent => subfolders(parent).map(folder => join(parent, folder)))
  const files = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    '.npmrc',
    ...['.', ...folders].map(folder => join(folder, 'package.json')),
  ]
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`)
  for (const file of files.filter(exists)) hash.update(`\n${file}\n`).update(read(file))
  const inputs = hash.digest('hex')
  const stamp = join('node_modules', '.hist-installed')
  const last = exists(stamp) ? readJson(stamp) : {}
  const upToDate = last.inputs === inputs && exists(join('node_modules', '.modules.yaml')) && existsSync(join(last.pnpm, 'pnpm'))
  const pnpm = upToDate ? last.pnpm : await fetchPnpm()
  if (!pnpm) return 1
  // Turbo starts every task through pnpm, which need not be on this machine's PATH.
  environment.PATH = [join(root, 'node_modules', '.bin'), pnpm, process.env.PATH].join(delimiter)
  if (upToDate) return 0
  const code = await step('install', 'pnpm', ['install', '--frozen-lockfile', '--prefer-offline'])
  if (code === 0) writeFileSync(join(root, stamp), JSON.stringify({ inputs, pnpm }))
  return code
}

/** @returns {Promise<string | undefined>} the folder in npx's cache that has the right pnpm */
async function fetchPnpm() {
  const [version = ''] = manifest.packageManager.split('+')
  const printPath = ['--yes', `--package=${version}`, '--', 'node', '--print', 'process.env.PATH']
  const { output } = await timed(version, 'npx', printPath, 'pipe')
  return output.split(/[\n:;]/).find(folder => existsSync(join(folder, 'pnpm')))
}

async function build() {
  return turbo('build', ['build'])
}

/** @returns {Promise<number>} how many static checks failed */
async function runStaticChecks() {
  const packages = publishedPackages()
  const codes = [
    await step('lint and format', 'biome', ['ci', '--error-on-warnings', '--colors=off', '.']),
    await turbo('types and packages', ['typecheck', ...packages.map(folder => `package-checks:${folder}`)]),
  ]
  for (const notes of packages.map(folder => join('tools', 'package-checks', 'dist', `${folder}.txt`)).filter(exists)) {
    console.info(read(notes).trimEnd().replace(/^/gm, '  '))
  }
  return codes.filter(code => code !== 0).length
}

/**
 * The last line is always the sum. A step before the tests that fails counts as one failure: the line is never green by mistake.
 * @param {string[]} vitestArguments
 * @param {boolean} withStaticChecks
 */
async function test(vitestArguments, withStaticChecks) {
  let { passed, failed, skipped } = { passed: 0, failed: 1, skipped: /** @type {string[]} */ ([]) }
  if ((await prepare()) === 0) {
    const failedChecks = withStaticChecks ? await runStaticChecks() : 0
    ;({ passed, failed, skipped } = await runTests(vitestArguments))
    failed += failedChecks
  }
  const skippedInCI = inCI && skipped.length > 0
  const headline = skippedInCI ? 'FAILED: in CI nothing may be skipped' : 'SKIPPED, so not tested'
  if (skipped.length > 0) console.error(`\n${headline}:\n${skipped.join('\n')}`)
  console.info(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`)
  return failed > 0 || skippedInCI ? 1 : 0
}

/**
 * All tests at once, or those that the arguments name. What needs no server runs beside what waits for servers most of the time; its output
 * comes when it is over.
 * @param {string[]} vitestArguments
 */
async function runTests(vitestArguments) {
  if (vitestArguments.length > 0) return runVitest(vitestArguments)
  const [withoutServers, withServers] = await Promise.all([
    runVitest(['--project', 'unit', '--project', 'floor'], 'pipe'),
    runVitest(['--project', 'servers', '--project', 'clusters']),
  ])
  return {
    passed: withoutServers.passed + withServers.passed,
    failed: withoutServers.failed + withServers.failed,
    skipped: [...withoutServers.skipped, ...withServers.skipped],
  }
}

/**
 * @param {string[]} vitestArguments
 * @param {'inherit' | 'pipe'} mode
 * @returns {Promise<{ passed: number, failed: number, skipped: string[] }>}
 */
async function runVitest(vitestArguments, mode = 'inherit') {
  const folder = mkdtempSync(join(tmpdir(), 'hist-test-'))
  const file = join(folder, 'totals.json')
  process.on('exit', () => rmSync(folder, { recursive: true }))
  const args = ['run', '--reporter=default', '--reporter=./scripts/totals-reporter.mjs', ...vitestArguments]
  const { code, output } = await run('vitest', args, mode, { ...environment, HIST_TEST_TOTALS: file })
  if (output !== '') console.info(output)
  const totals = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skipped: [] }
  const none = totals.passed + totals.failed + totals.skipped.length === 0
  if (none) console.error('No test was run.')
  if (totals.failed === 0 && (none || code !== 0)) totals.failed = 1
  return totals
}

/** What no tool can fix does not keep the others from what they can. */
async function fix() {
  if ((await install()) !== 0) return 1
  const codes = [await step('lint and format', 'biome', ['check', '--write', '.']), await build()]
  const apiSnapshots = ['tools/package-checks/index.mjs', '--fix', ...publishedPackages()]
  codes.push(await step('API snapshots', 'node', apiSnapshots), await step('READMEs', 'node', ['scripts/readme.mjs']))
  return Math.max(...codes)
}

/**
 * @param {string} title
 * @param {string[]} tasks
 */
function turbo(title, tasks) {
  return step(title, 'turbo', ['run', ...tasks, '--continue=dependencies-successful', '--output-logs=errors-only', '--ui=stream'])
}

/**
 * @param {string} title
 * @param {string} program
 * @param {string[]} args
 */
async function step(title, program, args) {
  return (await timed(title, program, args, verbose ? 'inherit' : 'pipe')).code
}

/**
 * @param {string} title
 * @param {string} program
 * @param {string[]} args
 * @param {'inherit' | 'pipe'} mode
 */
async function timed(title, program, args, mode) {
  const start = performance.now()
  process.stdout.write(mode === 'inherit' ? `${title} …\n` : `${title} … `)
  const { code, output } = await run(program, args, mode)
  console.info(`${code === 0 ? 'ok' : 'FAILED'}, ${((performance.now() - start) / 1000).toFixed(1)} s`)
  if (code !== 0) console.error(output)
  return { code, output }
}

/**
 * @param {string} program
 * @param {string[]} args
 */
async function show(program, args) {
  return (await run(program, args, 'inherit')).code
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {'inherit' | 'pipe'} output
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number, output: string }>} `output` only with 'pipe'
 */
function run(program, args, output, env = environment) {
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

/** @param {NodeJS.Signals} signal */
function stop(signal) {
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

function publishedPackages() {
  return subfolders('packages').filter(folder => !readJson(join('packages', folder, 'package.json')).private)
}

/**
 * @param {string} parent
 * @returns {string[]} those that are workspace packages
 */
function subfolders(parent) {
  return exists(parent) ? readdirSync(join(root, parent)).filter(folder => exists(join(parent, folder, 'package.json'))) : []
}

/** @param {string} path */
function exists(path) {
  return existsSync(join(root, path))
}

/** @param {string} path */
function read(path) {
  return readFileSync(join(root, path), 'utf8')
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(read(path))
}
