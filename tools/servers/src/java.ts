import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ServerUnavailableError } from './errors.js'

export interface Java {
  readonly program: string
  /** All that `java -version` prints: a class-data archive fits one build only. */
  readonly version: string
}

const OLDEST = 17

/** @throws ServerUnavailableError without Java, or with one that is too old */
export function findJava(): Java {
  const program = javaTool('java')
  const { stderr, error } = spawnSync(program, ['-version'], { encoding: 'utf8' })
  const found = error ? 'none' : (majorVersion(stderr) ?? 'a version that can not be read')
  if (typeof found === 'number' && found >= OLDEST) return { program, version: stderr }
  throw new ServerUnavailableError(`needs Java ${OLDEST} or newer, found ${found} (JAVA_HOME, else java on the PATH)`)
}

/** @returns the path of a program of the JDK */
export function javaTool(name: 'java' | 'keytool'): string {
  const home = process.env.JAVA_HOME
  const program = home ? join(home, 'bin', name) : name
  return home && !existsSync(program) && existsSync(`${program}.exe`) ? `${program}.exe` : program
}

/** @param text what `java -version` prints: version "17.0.15", "1.8.0_402" or "21" */
export function majorVersion(text: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? []
  return first === undefined ? undefined : Number(first === '1' ? second : first)
}
