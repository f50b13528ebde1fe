import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { type RocksetServerOptions, type ServerLogger, startRocksetServer } from './index.js'

const usage = `usage: hist-rockset-server --data <file> [options]

  --data <file>                database file, created if it is not there; :memory: keeps nothing
  --port <number>              default 4243; 0 takes a free one
  --host <address>             default 127.0.0.1; another than loopback demands a key
  --api-key <key>              the one key that is taken; better in HIST_ROCKSET_API_KEY, where other users cannot see it
  --visibility-delay-ms <ms>   how long after its acknowledgement a write can be read; default 0
  --help, --version

The log is lines of JSON. SIGTERM and SIGINT stop the server once running requests are answered; a second one stops it at once.
Exit code 0: stopped so. 1: could not start or stop. 2: other options than these.`

const logger: ServerLogger = {
  info: (fields, message) => console.info(line('info', fields, message)),
  error: (fields, message) => console.error(line('error', fields, message)),
}

try {
  await main()
} catch (error) {
  // Every TypeError at the start is about an option.
  const isUsage = error instanceof TypeError
  console.error(`${messageOf(error)}${isUsage ? '\nSee hist-rockset-server --help' : ''}`)
  process.exitCode = isUsage ? 2 : 1
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '4243' },
      host: { type: 'string', default: '127.0.0.1' },
      'api-key': { type: 'string' },
      'visibility-delay-ms': { type: 'string', default: '0' },
      help: { type: 'boolean' },
      version: { type: 'boolean' },
    },
  })
  if (values.help) return console.info(usage)
  if (values.version) return console.info(createRequire(import.meta.url)('../package.json').version)
  if (values.data === undefined) throw new TypeError('--data is needed: the database file')
  const apiKey = values['api-key'] ?? (process.env.HIST_ROCKSET_API_KEY || undefined)
  const server = await start({
    data: values.data,
    port: numberOf(values.port, '--port'),
    host: values.host,
    apiKey,
    visibilityDelayMs: numberOf(values['visibility-delay-ms'], '--visibility-delay-ms'),
    logger,
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(server.close()))
}

async function start(options: RocksetServerOptions & { readonly host: string; readonly port: number }) {
  try {
    return await startRocksetServer(options)
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException | null)?.code === 'EADDRINUSE'
    throw isTaken
      ? new Error(`Port ${options.port} of ${options.host} is in use by another program; --port takes another one.`, {
          cause: error,
        })
      : error
  }
}

function stop(closing: Promise<void>): void {
  closing.catch(error => {
    console.error(messageOf(error))
    process.exitCode = 1
  })
}

function numberOf(text: string, option: string): number {
  if (!/^\d+$/.test(text)) throw new TypeError(`${option} takes a whole number, not ${JSON.stringify(text)}`)
  return Number(text)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function line(level: string, fields: object, message: string): string {
  return JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })
}
