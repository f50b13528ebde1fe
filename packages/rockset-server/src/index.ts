export type { ServerLogger } from './http/log.js'
export type { RocksetServerOptions } from './options.js'
export { type RocksetServer, startRocksetServer } from './server.js'
