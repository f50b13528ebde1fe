/** What Node says of a connection that was not made; of one that was tried at several addresses, in `errors`. */
interface ConnectionError {
  readonly address?: unknown
  readonly hostname?: unknown
  readonly port?: unknown
  readonly errors?: unknown
}

/** ` to 127.0.0.1:8000`, as far as the error tells: of a name that could not be looked up, there is no port. Empty if it tells nothing. */
export function addressTried(error: unknown): string {
  const { address, hostname, port, errors } = (error ?? {}) as ConnectionError
  if (Array.isArray(errors)) return errors.map(addressTried).join()
  const tried = [address ?? hostname, port].filter(Boolean).join(':')
  return tried && ` to ${tried}`
}
