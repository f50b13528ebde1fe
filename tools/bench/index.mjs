import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchCassandra } from './cassandra.mjs'
import { benchCodec } from './codec.mjs'
import { benchDynamoDB } from './dynamodb.mjs'
import { benchKafka } from './kafka.mjs'
import { benchRockset } from './rockset.mjs'

const USAGE = `usage: npm run bench -- [codec] [cassandra] [dynamodb] [kafka] [rockset] [--peers] [--json]

Compares within one run and prints ratios; --json makes the last line one JSON object. With --peers, LangChain's own classes
are installed beside the benchmarks (190 MB, from tools/bench/peers) and measured too.`

const { values, positionals } = parse()
if (values.help) {
  console.info(USAGE)
  process.exit()
}
const benchmarks = {
  codec: benchCodec,
  cassandra: benchCassandra,
  dynamodb: benchDynamoDB,
  kafka: benchKafka,
  rockset: benchRockset,
}
const unknown = positionals.find(name => !Object.hasOwn(benchmarks, name))
if (unknown !== undefined) {
  console.error(`bench: there is no ${unknown}\n${USAGE}`)
  process.exit(2)
}
if (values.peers) {
  const cwd = fileURLToPath(new URL('peers', import.meta.url))
  // One of its packages asks for a newer Node, and is not used.
  const options = ['--ignore-workspace', '--frozen-lockfile', '--prefer-offline', '--config.engine-strict=false']
  execFileSync('pnpm', ['install', ...options], { cwd, stdio: 'inherit' })
}
const results = {}
for (const name of positionals.length > 0 ? positionals : Object.keys(benchmarks)) results[name] = await benchmarks[name](values)
if (values.json) console.info(JSON.stringify(results))
// The community class for Cassandra has no way to close its client.
process.exit()

function parse() {
  const flag = { type: 'boolean', default: false }
  try {
    return parseArgs({ options: { peers: flag, json: flag, help: flag }, allowPositionals: true })
  } catch (error) {
    console.error(`bench: ${error.message}\n${USAGE}`)
    process.exit(2)
  }
}
