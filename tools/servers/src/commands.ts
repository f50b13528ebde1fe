import { join } from 'node:path'
import { cacheFolder, withFileLock } from '@hist/cache'
import type { Addresses } from './addresses.js'
import { stopCluster } from './cluster.js'
import { addressFromEnvironment, formatAddress, variableOf } from './environment.js'
import { allRun, type KeptCluster, type KeptName, keepCluster, keptClusters, leftoverClusters } from './kept-clusters.js'
import { removeCluster, runningPid, serverFolders } from './owned-process.js'
import { showProgress } from './progress.js'
import { type ProvidedServer, provideServer } from './provide-server.js'

export interface CommandOptions {
  readonly names: readonly KeptName[]
  /** Of Cassandra and Kafka. Undefined: one, or as many as run. */
  readonly nodes: 1 | 3 | undefined
  readonly json: boolean
}

export async function up(options: CommandOptions): Promise<number> {
  const progress = showProgress()
  const results = await exclusively(progress.of('servers'), () =>
    Promise.allSettled(options.names.map(name => provide(name, options.nodes, progress.of(name)))),
  ).finally(progress.end)
  const provided = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  const reasons = results.flatMap(result => (result.status === 'rejected' ? [messageOf(result.reason)] : []))
  if (reasons.length > 0) {
    await Promise.all(provided.map(({ server }) => server.stop()))
    for (const reason of reasons) console.error(reason)
    return 1
  }
  // All or none: so they are kept only now.
  for (const { name, server, nodes } of provided) {
    if (server.folder) keepCluster({ name, address: server.address, nodes, folder: server.folder })
  }
  const addresses = provided.map(({ name, server }) => [name, server.address] as const)
  show(addresses, options.json)
  return 0
}

export async function down({ names }: CommandOptions): Promise<number> {
  const progress = showProgress()
  await exclusively(progress.of('servers'), async () => {
    const clusters = keptOf(names)
    await Promise.all(clusters.map(({ folder }) => removeCluster(folder)))
    await Promise.all(leftoverClusters().map(removeCluster))
    console.info(clusters.length === 0 ? 'None of them was up.' : `Stopped ${clusters.map(({ name }) => name).join(', ')}.`)
  }).finally(progress.end)
  return 0
}

export async function status({ names, json }: CommandOptions): Promise<number> {
  const clusters = keptOf(names)
  for (const name of names) {
    const cluster = clusters.find(each => each.name === name)
    console.info(cluster ? describeCluster(cluster) : `${name}: not up`)
  }
  const running = clusters.filter(allRun).map(({ name, address }) => [name, address] as const)
  if (json) show(running, true)
  return 0
}

/** In the order of the names. */
function keptOf(names: readonly KeptName[]): KeptCluster[] {
  const clusters = keptClusters()
  return names.flatMap(name => clusters.filter(cluster => cluster.name === name))
}

interface Provided {
  readonly name: KeptName
  readonly server: ProvidedServer<KeptName>
  readonly nodes: 1 | 3
}

async function provide(name: KeptName, wanted: 1 | 3 | undefined, onProgress: (text: string) => void): Promise<Provided> {
  const nodes = name === 'dynamodb' ? 1 : wanted
  const kept = keptClusters().find(cluster => cluster.name === name)
  if (kept && allRun(kept)) {
    if (nodes !== undefined && nodes !== kept.nodes) throw new Error(`${name} is up with ${kept.nodes} nodes: take it down first`)
    return { name, nodes: 1, server: { address: kept.address, stop: async () => undefined } }
  }
  if (kept) await stopCluster(kept.folder)
  return { name, nodes: nodes ?? 1, server: await provideServer(name, { nodes: nodes ?? 1, onProgress }) }
}

/** Of two at the same time one waits, so that none starts what the other does. */
function exclusively<T>(onProgress: (text: string) => void, work: () => Promise<T>): Promise<T> {
  return withFileLock(join(cacheFolder(), 'command'), () => onProgress('another command is at work, waits for it'), work)
}

function show(addresses: ReadonlyArray<readonly [KeptName, Addresses[KeptName]]>, json: boolean): void {
  if (json) {
    console.info(JSON.stringify(Object.fromEntries(addresses), (key, value) => (SECRETS.includes(key) ? undefined : value)))
    return
  }
  for (const [name, address] of addresses) {
    const given = addressFromEnvironment(name) ? ' (already set)' : ''
    console.info(`${variableOf(name)}='${formatAddress(address)}'${given}`)
  }
}

const SECRETS = ['credentials', 'sasl']

function describeCluster(cluster: KeptCluster): string {
  const nodes = serverFolders(cluster.folder).map(folder => {
    const pid = runningPid(folder)
    return `\n  ${pid === undefined ? 'ended' : `process ${pid}`}, log: ${join(folder, 'out.log')}`
  })
  return `${cluster.name}: ${formatAddress(cluster.address)}${nodes.join('')}`
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason)
}
