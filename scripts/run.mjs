// @ts-check
// One entry for all root commands: node scripts/run.mjs demo|test|check|fix|build|bench|servers [arguments]
// It brings a fresh clone into shape by itself and needs only Node and npm for that, so neither it nor what it imports can use any dependency.
// Each command first installs and builds what is out of date.
import { build, install, prepare } from './build.mjs'
import { check, test, testAll } from './checks.mjs'
import { show, step, stop } from './processes.mjs'
import { manifest, publishedPackages } from './workspace.mjs'

// Commands and steps answer with an exit code. 0 is success and false, so `a || b` goes on to b as long as all is well.
/** @type {Record<string, (args: string[]) => Promise<number>>} */
const commands = {
  /** Runs the example app. */
  demo: async args => (await prepare()) || (await show('node', ['examples/demo/demo.mjs', ...args])),
  /** What `check` does, and the tests that need real servers. With arguments: only vitest, with these. */
  test: args => (args.length === 0 ? testAll() : test(args)),
  /** Everything that needs no server. Writes to no tracked file. */
  check,
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

/** What no tool can fix does not keep the others from what they can. */
async function fix() {
  if ((await install()) !== 0) return 1
  const codes = [await step('lint and format', 'biome', ['check', '--write', '.']), await build()]
  const apiSnapshots = ['tools/package-checks/index.mjs', '--fix', ...publishedPackages()]
  codes.push(await step('API snapshots', 'node', apiSnapshots), await step('READMEs', 'node', ['scripts/readme.mjs']))
  return Math.max(...codes)
}
