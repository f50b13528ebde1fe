import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageFolder } from './folders.js'

/** What each server's jars follow from. Exact versions, never a range. After a change: `node tools/servers/dist/lock-jars.js`. */
export const jarSets = {
  cassandra: { version: '5.0.9', dependencies: ['org.apache.cassandra:cassandra-all:5.0.9'] },
  kafka: { version: '4.3.1', dependencies: ['org.apache.kafka:kafka_2.13:4.3.1', 'org.slf4j:slf4j-simple:1.7.36'] },
} as const

export type JarSet = keyof typeof jarSets

export const jarLockFile = join(packageFolder, 'jars.lock')

export interface LockedJar {
  /** `group:artifact:version` or `group:artifact:version:classifier` */
  readonly coordinate: string
  readonly file: string
  readonly sha256: string
}

/** @returns the lines `<set> <coordinate> <file> <sha256>` of one set */
export function readJarLock(set: JarSet, text = readFileSync(jarLockFile, 'utf8')): LockedJar[] {
  const lines = text.split('\n').map(line => line.split(' '))
  const jars = lines.flatMap(([name, coordinate = '', file = '', sha256 = '']) =>
    name === set ? [{ coordinate, file, sha256 }] : [],
  )
  const broken = jars.find(({ file, sha256 }) => !/^[\w.-]+\.jar$/.test(file) || !/^[0-9a-f]{64}$/.test(sha256))
  if (jars.length === 0 || broken)
    throw new Error(`${jarLockFile} is broken: ${broken ? `see ${broken.coordinate}` : `no ${set}`}`)
  return jars
}

export function formatJarLock(set: JarSet, jars: readonly LockedJar[]): string {
  const lines = jars.map(({ coordinate, file, sha256 }) => `${set} ${coordinate} ${file} ${sha256}\n`)
  return lines.sort().join('')
}

/** @returns the path below a Maven repository's base URL */
export function repositoryPath(coordinate: string): string {
  const [group = '', artifact = '', version = '', classifier] = coordinate.split(':')
  const file = `${[artifact, version, classifier].filter(part => part !== undefined).join('-')}.jar`
  return [...group.split('.'), artifact, version, file].join('/')
}

/** Cheap, for every start: the very files by name, nothing about their content. */
export function hasJars(folder: string, jars: readonly LockedJar[]): boolean {
  if (!existsSync(folder)) return false
  const expected = jars.map(jar => jar.file).sort()
  return JSON.stringify(readdirSync(folder).sort()) === JSON.stringify(expected)
}

/** @returns what differs from the lock, a line each; nothing when all is well */
export async function compareJars(folder: string, jars: readonly LockedJar[]): Promise<string[]> {
  const present = new Set(readdirSync(folder))
  const differences: string[] = []
  for (const { file, sha256 } of jars) {
    if (!present.delete(file)) differences.push(`${file} is missing`)
    else if (hashOf(await readFile(join(folder, file))) !== sha256) differences.push(`${file} has another SHA-256`)
  }
  return [...differences, ...[...present].map(file => `${file} is not in the lock`)]
}

export function hashOf(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}
