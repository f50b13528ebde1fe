// The parts of READMEs that are made, not written: code blocks that stand in a file, and the table of backends.
//
//   <!-- from: examples/quick-start/chat.ts#chat -->   the fenced block behind it is that region of that file
//   <!-- backends -->                                  the lines behind it, up to an empty line, are the table of `supports`
//
// `renderReadme` gives the text as it must be: the repository shape test compares, `npm run fix` (node scripts/readme.mjs) writes.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const SNIPPET = /(<!-- from: ([^#\s]+)(?:#(\S+))? -->\n\s*```\w*\n)[\s\S]*?([ \t]*```)/g
const BACKENDS = /(<!-- backends -->\n)(?:\n)?(?:\|.*\n)*/

export const readmes = [
  'README.md',
  'CONTRIBUTING.md',
  'packages/core/README.md',
  'packages/langchain/README.md',
  'packages/langchain/MIGRATION.md',
  'packages/cassandra/README.md',
  'packages/kafka/README.md',
  'packages/dynamodb/README.md',
  'packages/rockset/README.md',
  'packages/rockset-server/README.md',
]

/**
 * @param {string} path relative to the root
 * @param {Record<string, import('@hist/core').BackendSupports>} backends what each backend of the table supports
 */
export function renderReadme(path, backends) {
  const text = readFileSync(root + path, 'utf8')
  return text
    .replace(
      SNIPPET,
      (_, head, file, region, fence) => head + indent(snippet(file, region), /^[ \t]*/.exec(fence)?.[0] ?? '') + fence,
    )
    .replace(BACKENDS, (_, head) => head + backendTable(backends))
}

function snippet(file, region) {
  const text = readFileSync(root + file, 'utf8')
  if (region === undefined) return text
  const lines = text.split('\n')
  const start = lines.findIndex(line => line.trim() === `// #region ${region}`)
  const end = lines.findIndex((line, index) => index > start && line.trim().startsWith('// #endregion'))
  if (start < 0 || end < 0) throw new Error(`${file} has no region ${region}`)
  const body = lines.slice(start + 1, end)
  const margin = Math.min(...body.filter(line => line !== '').map(line => line.search(/\S/)))
  return `${body.map(line => line.slice(margin)).join('\n')}\n`
}

function indent(text, by) {
  return text.replace(/^(?=.)/gm, by)
}

const ROWS = {
  'survives the process': supports => (supports.durable ? 'yes' : 'no'),
  'one append is atomic': ({ atomicAppend: { messages, bytes } }) => limits(messages, 'messages', bytes),
  'same append id recognised': ({ idempotency }) => (idempotency === 'always' ? 'always' : `for ${idempotency.forSeconds} s`),
  'expiry (TTL)': ({ ttl }) => (ttl === false ? 'no' : `per ${ttl}`),
  'clear seen by a reader': ({ clear }) => (clear === 'atomic' ? 'at once' : 'gradually'),
  'lists sessions': ({ sessions }) => (sessions ? 'yes' : 'no'),
  'largest message': ({ maxMessageBytes }) => bytes(maxMessageBytes),
  'largest session': ({ maxSessionBytes }) => bytes(maxSessionBytes),
  'deepest nesting': ({ maxDepth }) => `${maxDepth} levels`,
}

function backendTable(backends) {
  const names = Object.keys(backends)
  const rows = Object.entries(ROWS).map(([title, cell]) => [title, ...names.map(name => cell(backends[name]))])
  const lines = [['', ...names], ['---', ...names.map(() => '---')], ...rows]
  return lines.map(cells => `| ${cells.join(' | ')} |\n`).join('')
}

function limits(count, noun, size) {
  const parts = [Number.isFinite(count) && `${count} ${noun}`, Number.isFinite(size) && bytes(size)].filter(Boolean)
  return parts.length === 0 ? 'any size' : `up to ${parts.join(', ')}`
}

function bytes(count) {
  if (!Number.isFinite(count)) return 'no limit'
  const mebibytes = count / 1_048_576
  return Number.isInteger(mebibytes) ? `${mebibytes} MiB` : `${count.toLocaleString('en')} bytes`
}

/**
 * The columns of the table, of the built packages or of the sources.
 * @param {Pick<typeof import('@hist/core'), 'MemoryBackend'>} core
 * @param {Pick<typeof import('@hist/cassandra/store'), 'CassandraBackend'>} cassandra
 * @param {Pick<typeof import('@hist/dynamodb/store'), 'DynamoDBBackend'>} dynamodb
 * @param {Pick<typeof import('@hist/kafka/store'), 'KafkaBackend'>} kafka
 * @param {Pick<typeof import('@hist/rockset/store'), 'RocksetBackend'>} rockset
 */
export function supportsOf({ MemoryBackend }, { CassandraBackend }, { DynamoDBBackend }, { KafkaBackend }, { RocksetBackend }) {
  const rockset = { collection: 'chat', apiKey: 'key', apiServer: 'http://localhost:4243' }
  return {
    memory: new MemoryBackend().supports,
    Cassandra: new CassandraBackend({ keyspace: 'keyspace' }).supports,
    'DynamoDB `items`': new DynamoDBBackend({ tableName: 'table' }).supports,
    'DynamoDB `list`': new DynamoDBBackend({ tableName: 'table', layout: 'list' }).supports,
    Kafka: new KafkaBackend({ bootstrapServers: 'localhost:9092', topicPrefix: 'chat-' }).supports,
    'Rockset `session`': new RocksetBackend(rockset).supports,
    'Rockset `message`': new RocksetBackend({ ...rockset, layout: 'message' }).supports,
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const backends = supportsOf(
    await import('../packages/core/dist/index.js'),
    await import('../packages/cassandra/dist/store.js'),
    await import('../packages/dynamodb/dist/store.js'),
    await import('../packages/kafka/dist/store.js'),
    await import('../packages/rockset/dist/store.js'),
  )
  for (const path of readmes) writeFileSync(root + path, renderReadme(path, backends))
}
