import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { ServerUnavailableError } from './errors.js'
import { type JarSet, jarSets } from './jar-lock.js'
import type { Progress } from './progress.js'

const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'

/** Maven, unless a repository to fetch from is named: Maven's own settings know mirrors and proxies, we do not. */
export function findMaven(): string | undefined {
  if (process.env.HIST_MAVEN_REPOSITORY) return undefined
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders
    .filter(folder => folder !== '')
    .map(folder => join(folder, 'mvn'))
    .find(existsSync)
}

/** @param goal of the dependency plugin, run on a project that has nothing but the set's dependencies */
export async function runMaven(
  maven: string,
  set: JarSet,
  goal: string,
  properties: string[],
  onProgress: Progress,
): Promise<void> {
  const project = mkdtempSync(join(tmpdir(), 'hist-maven-'))
  try {
    writeFileSync(join(project, 'pom.xml'), pom(set))
    const failure = await run(
      maven,
      ['-B', '-C', `${PLUGIN}:${goal}`, '-DincludeScope=runtime', ...properties],
      project,
      onProgress,
    )
    if (failure !== undefined) throw new ServerUnavailableError(`Maven could not get the jars of ${set}:\n${failure}`)
  } finally {
    rmSync(project, { recursive: true })
  }
}

/** @returns the end of Maven's output if it failed */
function run(maven: string, parameters: string[], cwd: string, onProgress: Progress): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(maven, parameters, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const tail: string[] = []
    let files = 0
    let bytes = 0
    const onLine = (line: string) => {
      tail.push(line)
      if (tail.length > 20) tail.shift()
      const [, size, unit = ''] = /^(?:\[INFO\] )?Downloaded from .*\((\S+) (B|kB|MB) at/.exec(line) ?? []
      if (size === undefined) return
      files += 1
      bytes += Number(size) * ({ kB: 1e3, MB: 1e6 }[unit] ?? 1)
      onProgress(`Maven downloads, ${files} files, ${(bytes / 1e6).toFixed(0)} MB so far`)
    }
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', onLine)
    child.on('error', reject)
    child.on('close', code => resolve(code === 0 ? undefined : tail.join('\n')))
  })
}

function pom(set: JarSet): string {
  const dependencies = jarSets[set].dependencies.map(coordinate => {
    const [group, artifact, version] = coordinate.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>hist</groupId><artifactId>${set}</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>${dependencies.join('')}</dependencies>
</project>
`
}
