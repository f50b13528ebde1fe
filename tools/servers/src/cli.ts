import { parseArgs } from 'node:util'
import { type CommandOptions, down, status, up } from './commands.js'
import type { KeptName } from './kept-clusters.js'

const USAGE = `usage: npm run servers -- up|down|status [cassandra] [kafka] [dynamodb] [--nodes 3] [--json]`
const commands: Record<string, (options: CommandOptions) => Promise<number>> = { up, down, status }
const all: readonly KeptName[] = ['cassandra', 'kafka', 'dynamodb']

process.exitCode = await main(process.argv.slice(2))

async function main(words: string[]): Promise<number> {
  const parsed = parse(words)
  if (!parsed) {
    console.error(USAGE)
    return 2
  }
  try {
    return await parsed.command(parsed.options)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return 1
  }
}

function parse(args: string[]): { command: (options: CommandOptions) => Promise<number>; options: CommandOptions } | undefined {
  try {
    const options = { nodes: { type: 'string' }, json: { type: 'boolean', default: false } } as const
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [word = '', ...words] = positionals
    const command = commands[word]
    const names = all.filter(name => words.length === 0 || words.includes(name))
    const nodes = values.nodes === undefined ? undefined : Number(values.nodes)
    const unknown = words.some(name => !all.includes(name as KeptName))
    if (!command || unknown || (nodes !== undefined && nodes !== 1 && nodes !== 3)) return undefined
    return { command, options: { names, nodes, json: values.json } }
  } catch {
    return undefined
  }
}
