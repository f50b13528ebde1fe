/** The server can't be had on this machine. The text names what to install or which variable to set. */
export class ServerUnavailableError extends Error {
  override readonly name = 'ServerUnavailableError'
}

/** The server is there, but did not start. The text has the end of its log and the log's path. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError'
}
