import { existsSync, readFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServerStartError } from './errors.js'
import { killServer, runningPid, signalServer } from './owned-process.js'
import { type Command, endOfLog, logFileOf, spawnServer } from './spawn-server.js'

const START_LIMIT_MS = 120_000
const POLL_MS = 50

/** One server process of a cluster. */
export interface ServerNode {
  readonly host: string
  readonly port: number
  /** The current process; 0 when none runs. */
  readonly pid: number
  readonly folder: string
  readonly logFile: string
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
  /** SIGSTOP: it hangs, its connections stay open. */
  freeze(): void
  /** SIGCONT */
  resume(): void
  /** Kills what still runs and starts the same command on the same folder; resolves when it is ready. */
  restart(): Promise<void>
}

export interface NodePlan {
  readonly host: string
  readonly port: number
  readonly folder: string
  readonly command: Command
  /** Sends a real request. Rejecting counts as not yet. */
  isReady(node: StartedNode): Promise<boolean>
}

export class StartedNode implements ServerNode {
  readonly host: string
  readonly port: number
  readonly folder: string
  readonly logFile: string
  readonly #plan: NodePlan
  #frozen = false

  constructor(plan: NodePlan) {
    this.#plan = plan
    this.host = plan.host
    this.port = plan.port
    this.folder = plan.folder
    this.logFile = logFileOf(plan.folder)
  }

  get pid(): number {
    return runningPid(this.folder) ?? 0
  }

  /** Neither killed nor frozen. */
  get isLive(): boolean {
    return !this.#frozen && this.pid !== 0
  }

  async kill(): Promise<void> {
    this.#frozen = false
    await killServer(this.folder)
  }

  freeze(): void {
    this.#frozen = true
    signalServer(this.folder, 'SIGSTOP')
  }

  resume(): void {
    this.#frozen = false
    signalServer(this.folder, 'SIGCONT')
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  async start(): Promise<void> {
    const logStart = existsSync(this.logFile) ? statSync(this.logFile).size : 0
    await spawnServer(this.folder, this.#plan.command)
    const deadline = Date.now() + START_LIMIT_MS
    let lastError: unknown
    for (;;) {
      if (this.pid === 0) throw this.#failure('ended while it started', logStart)
      try {
        if (await this.#plan.isReady(this)) return
      } catch (error) {
        lastError = error
      }
      if (Date.now() > deadline) {
        const why = lastError === undefined ? '' : `: ${lastError}`
        throw this.#failure(`was not ready after ${START_LIMIT_MS / 1000} s${why}`, logStart)
      }
      await sleep(POLL_MS)
    }
  }

  #failure(what: string, logStart: number): NodeStartError {
    const log = readFileSync(this.logFile).subarray(logStart).toString()
    return new NodeStartError(`The server on ${this.host}:${this.port} ${what}. ${endOfLog(this.folder, logStart)}`, log)
  }
}

export class NodeStartError extends ServerStartError {
  readonly addressInUse: boolean

  constructor(message: string, log: string) {
    super(message)
    this.addressInUse = /address already in use|in use by another process|failed to bind port/i.test(log)
  }
}
