// Vitest's globalSetup for tests that start servers of their own: jars are downloaded outside of any test's time limit.
import type { TestProject } from 'vitest/node'
import { addressFromEnvironment, variableOf } from './environment.js'
import { ServerUnavailableError } from './errors.js'
import type { JarSet } from './jar-lock.js'
import { provideJars } from './jars.js'
import { findJava } from './java.js'
import { type Progress, showProgress } from './progress.js'
import { availabilityOf } from './vitest-availability.js'

export default async function setup(project: TestProject): Promise<void> {
  const progress = showProgress()
  const prepare = (name: JarSet) => availabilityOf(() => prepareServer(name, progress.of(name)))
  const [cassandra, kafka] = await Promise.all([prepare('cassandra'), prepare('kafka')])
  progress.end()
  project.provide('ownServers', { cassandra, kafka })
}

async function prepareServer(name: JarSet, onProgress: Progress): Promise<true> {
  if (addressFromEnvironment(name)) {
    throw new ServerUnavailableError(`starts and kills servers of its own, so not with ${variableOf(name)}`)
  }
  findJava()
  await provideJars(name, onProgress)
  return true
}
