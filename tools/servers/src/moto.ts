import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPython, makePythonEnvironment, type PythonEnvironment, PythonEnvironmentError } from '@hist/python'
import { nodeFolder, startCluster, stopCluster } from './cluster.js'
import { ServerUnavailableError } from './errors.js'
import { packageFolder } from './folders.js'
import { freePorts } from './ports.js'
import type { Progress } from './progress.js'
import { type ServerNode, StartedNode } from './server-node.js'

export interface MotoOptions {
  readonly onProgress?: Progress
}

export interface MotoServer {
  readonly endpoint: string
  readonly folder: string
  /** One, always. */
  readonly nodes: readonly ServerNode[]
  /** Kills the server and removes its folder. */
  stop(): Promise<void>
}

/** moto[dynamodb], with Flask and Flask-Cors for its server: moto[server] has the packages of all services, twice as much. */
export const motoLockFile = join(packageFolder, 'moto-requirements.lock')

/**
 * One thread: with several, as `moto_server` has, of 40 updates of an item at once some are lost. One service: to find out which one a request
 * is for takes a quarter of the time that it takes.
 */
const PROGRAM = `import sys
from werkzeug.serving import run_simple
from moto.moto_server.werkzeug_app import create_backend_app

run_simple("127.0.0.1", int(sys.argv[1]), create_backend_app("dynamodb"), threaded=False)
`

/**
 * Starts moto's server, which here is a DynamoDB in memory. It ends with this process at the latest.
 *
 * @throws ServerUnavailableError without Python 3.10, or when its packages can't be installed
 * @throws ServerStartError with the end of the log
 */
export async function startMoto({ onProgress = () => undefined }: MotoOptions = {}): Promise<MotoServer> {
  const { python } = await provideMoto(onProgress)
  onProgress('starts')
  const { folder, started } = await startCluster(
    'dynamodb',
    () => freePorts(1),
    async (cluster, [port = 0]) => {
      const own = nodeFolder(cluster, 0)
      const program = join(own, 'server.py')
      writeFileSync(program, PROGRAM)
      // -I: no other Python installation that a variable names is mixed in.
      const command = { program: python, parameters: ['-I', program, String(port)] }
      const node = new StartedNode({ host: '127.0.0.1', port, folder: own, command, isReady })
      await node.start()
      return node
    },
  )
  return { endpoint: endpointOf(started), folder, nodes: [started], stop: () => stopCluster(folder) }
}

/** @returns the virtual environment with moto, made at the first call */
export async function provideMoto(onProgress: Progress = () => undefined): Promise<PythonEnvironment> {
  const interpreter = findPython()
  if (!interpreter.available) throw new ServerUnavailableError(interpreter.reason)
  try {
    return await makePythonEnvironment(interpreter, { requirements: motoLockFile, report: onProgress })
  } catch (error) {
    if (!(error instanceof PythonEnvironmentError)) throw error
    throw new ServerUnavailableError(`needs packages of PyPI that could not be installed: ${error.message}`)
  }
}

async function isReady(node: StartedNode): Promise<boolean> {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.ListTables' }
  const signal = AbortSignal.timeout(5000)
  const response = await fetch(endpointOf(node), { method: 'POST', headers, body: '{}', signal })
  await response.arrayBuffer()
  return response.status === 200
}

function endpointOf({ host, port }: Pick<ServerNode, 'host' | 'port'>): string {
  return `http://${host}:${port}`
}
