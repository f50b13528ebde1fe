// Compiled against the packed package, as ESM, as CommonJS and for bundlers; never run.
import { type RocksetServer, type RocksetServerOptions, type ServerLogger, startRocksetServer } from '@hist/rockset-server'

const logger: ServerLogger = {
  info: (fields, message) => console.info(message, fields),
  error: (fields, message) => console.error(message, fields),
}
const options: RocksetServerOptions = {
  data: './rockset.db',
  port: 4243,
  host: '0.0.0.0',
  apiKey: 'secret',
  visibilityDelayMs: 300,
  readyDelayMs: 10,
  logger,
}

export async function withServer(use: (url: string) => Promise<void>): Promise<void> {
  const server: RocksetServer = await startRocksetServer(options)
  await use(server.url)
  await server.close()
}
export const inMemory: Promise<RocksetServer> = startRocksetServer({ data: ':memory:' })
// @ts-expect-error where to keep the data has no default
startRocksetServer({ port: 4243 })
