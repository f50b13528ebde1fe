import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Addresses } from './addresses.js'
import { runFolder } from './folders.js'
import { COMPOSE_PROJECT, commandLineOf, runningPid, serverFolders } from './owned-process.js'
import { forgetCluster } from './watch.js'

export type KeptName = 'cassandra' | 'kafka' | 'dynamodb'

/** A cluster that `up` started and `down` ends, with the content of its `cluster.json`. */
export interface KeptCluster {
  readonly name: KeptName
  readonly address: Addresses[KeptName]
  readonly nodes: number
  readonly folder: string
}

/** Lets a cluster outlive this process. */
export function keepCluster(cluster: KeptCluster): void {
  const { folder, ...content } = cluster
  const file = join(folder, 'cluster.json')
  writeFileSync(`${file}.partial`, JSON.stringify(content))
  renameSync(`${file}.partial`, file)
  forgetCluster(folder)
}

export function keptClusters(): KeptCluster[] {
  return clusterFolders().flatMap(folder => {
    const file = join(folder, 'cluster.json')
    return existsSync(file) ? [{ ...JSON.parse(readFileSync(file, 'utf8')), folder }] : []
  })
}

/** @returns folders of failed starts and of programs that are gone */
export function leftoverClusters(): string[] {
  return clusterFolders().filter(folder => {
    if (existsSync(join(folder, 'cluster.json'))) return false
    const owner = join(folder, 'owner')
    return existsSync(owner) && commandLineOf(Number(readFileSync(owner, 'utf8'))) === ''
  })
}

export function allRun(cluster: KeptCluster): boolean {
  if (existsSync(join(cluster.folder, COMPOSE_PROJECT))) return true
  const folders = serverFolders(cluster.folder)
  return folders.length === cluster.nodes && folders.every(folder => runningPid(folder) !== undefined)
}

function clusterFolders(): string[] {
  const folder = runFolder()
  return existsSync(folder) ? readdirSync(folder).map(name => join(folder, name)) : []
}
