import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { repository } from '@hist/cache'
import { startCluster, stopCluster } from './cluster.js'
import { ServerStartError } from './errors.js'
import { COMPOSE_PROJECT } from './owned-process.js'
import { freePorts } from './ports.js'

/** A daemon answers, and the client knows compose. */
export function dockerAnswers(): boolean {
  const questions = [
    ['version', '--format', '{{.Server.Version}}'],
    ['compose', 'version'],
  ]
  return questions.every(parameters => spawnSync('docker', parameters, { timeout: 5000 }).status === 0)
}

/** Starts one service of docker/compose.yaml, in a compose project of its own. */
export async function startInDocker(service: 'cassandra' | 'kafka') {
  const { folder, started } = await startCluster(
    service,
    () => freePorts(1),
    async (cluster, [port = 0]) => {
      const project = `hist-${basename(cluster)}`
      writeFileSync(join(cluster, COMPOSE_PROJECT), project)
      const compose = ['compose', '-p', project, '-f', join(repository, 'docker', 'compose.yaml')]
      const env = { ...process.env, [`HIST_${service.toUpperCase()}_PORT`]: String(port) }
      try {
        await promisify(execFile)('docker', [...compose, 'up', '--wait', '--detach', service], { env })
      } catch (error) {
        await stopCluster(cluster)
        throw new ServerStartError(`Docker did not start ${service}: ${error instanceof Error ? error.message : error}`)
      }
      return port
    },
  )
  return { port: started, folder, stop: () => stopCluster(folder) }
}
