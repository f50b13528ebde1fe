// Rewrites jars.lock from what Maven resolves now: node tools/servers/dist/lock-jars.js
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { formatJarLock, hashOf, type JarSet, jarLockFile, jarSets, type LockedJar, repositoryPath } from './jar-lock.js'
import { findMaven, runMaven } from './maven.js'

const maven = findMaven()
if (!maven) throw new Error('Maven is needed: only it resolves versions. Unset HIST_MAVEN_REPOSITORY.')
let text = ''
for (const set of Object.keys(jarSets) as JarSet[]) text += formatJarLock(set, await resolveJars(maven, set))
writeFileSync(jarLockFile, text)

async function resolveJars(program: string, set: JarSet): Promise<LockedJar[]> {
  const folder = mkdtempSync(join(tmpdir(), 'hist-jars-'))
  try {
    const list = join(folder, 'list.txt')
    const silent = () => undefined
    await runMaven(program, set, 'list', [`-DoutputFile=${list}`], silent)
    await runMaven(program, set, 'copy-dependencies', [`-DoutputDirectory=${join(folder, 'lib')}`], silent)
    return coordinatesIn(readFileSync(list, 'utf8')).map(coordinate => {
      const file = basename(repositoryPath(coordinate))
      return { coordinate, file, sha256: hashOf(readFileSync(join(folder, 'lib', file))) }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Lines are `group:artifact:jar:version:scope` or `group:artifact:jar:classifier:version:scope`, perhaps with a module name behind. */
function coordinatesIn(list: string): string[] {
  return [...list.matchAll(/^\s+([\w.-]+):([\w.-]+):jar:(?:([\w.-]+):)?([\w.-]+):(?:compile|runtime)\b/gm)].map(
    ([, group, artifact, classifier, version]) =>
      [group, artifact, version, classifier].filter(part => part !== undefined).join(':'),
  )
}
