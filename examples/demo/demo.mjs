// The main job on real input: conversations are stored turn by turn, the process is killed in the middle, another takes over, and
// every message is compared with what went in.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { checkHistory } from './check.mjs'
import { readConversations } from './conversations.mjs'
import { openDatabase } from './database.mjs'
import { Progress, printReport } from './report.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const USAGE = `usage: npm run demo [-- <file>]

Stores the conversations of the file turn by turn, as an agent app would, in an embedded DynamoDB; kills the process in the
middle; lets another take over; checks that every message came back deep-equal.

  <file>   .json or .jsonl; each message in LangChain's form { type, data } or OpenAI's { role, content, tool_calls };
           lines with the same session are one conversation; default: the conversations that come with the demo`

async function main() {
  const { values, positionals } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } }, allowPositionals: true })
  if (values.help || positionals.length > 1) return console.info(USAGE)
  // npm runs scripts in the repository's root; a path is meant from where the user stands.
  const from = process.env.INIT_CWD ?? process.cwd()
  const file = positionals[0] === undefined ? join(here, 'conversations.jsonl') : resolve(from, positionals[0])
  const input = await readConversations(file)
  const conversations = input.filter(({ messages }) => messages.length > 0)
  const total = conversations.reduce((sum, { messages }) => sum + messages.length, 0)
  const data = await mkdtemp(join(tmpdir(), 'hist-demo-'))
  try {
    const runs = [await runAgent(data, file, total, Math.floor(total / 2)), await runAgent(data, file, total)]
    const database = await openDatabase(data)
    const result = await checkHistory(database.endpointUrl, conversations, runs)
    await database.close()
    printReport({ file: relative(from, file), conversations, empty: input.length - conversations.length, runs, result })
    if (result.problems.length > 0) process.exitCode = 1
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}

/** Runs an agent process to its end, or kills it with -9 as soon as `killAt` messages are acknowledged. */
async function runAgent(data, file, total, killAt = Number.POSITIVE_INFINITY) {
  const agent = fork(join(here, 'agent.mjs'), [data, file])
  const run = { pid: agent.pid, found: 0, acknowledged: new Map(), windows: 0, largestWindow: 0, killed: false }
  const progress = new Progress(`process ${agent.pid}`, total)
  agent.on('message', ({ session, found, stored, shown }) => {
    run.found += found ?? 0
    run.acknowledged.set(session, stored ?? found)
    if (shown !== undefined) run.windows++
    run.largestWindow = Math.max(run.largestWindow, shown ?? 0)
    const acknowledged = [...run.acknowledged.values()].reduce((sum, count) => sum + count, 0)
    progress.show(acknowledged)
    if (acknowledged < killAt || run.killed) return
    run.killed = true
    agent.kill('SIGKILL')
  })
  const [code] = await once(agent, 'exit')
  progress.end()
  if (!run.killed && code !== 0) throw new Error(`the agent process ended with code ${code}`)
  return run
}

try {
  await main()
} catch (error) {
  console.error(`demo: ${error.message}`)
  process.exitCode = 1
}
