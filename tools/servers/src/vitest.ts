import { describe, inject, test } from 'vitest'
import type { Addresses, ServerName } from './addresses.js'
import type { JarSet } from './jar-lock.js'
import type { Availability } from './vitest-availability.js'

declare module 'vitest' {
  export interface ProvidedContext {
    servers: { [Name in ServerName]?: Availability<Addresses[Name]> }
    ownServers: Record<JarSet, Availability<true>>
  }
}

/**
 * Registers tests that use a server, in a file named `*.server.test.ts`. Without the server it registers one skipped test of this title,
 * with the reason; when the server should be there but does not start, one that fails.
 */
export function describeWithServer<Name extends ServerName>(
  name: Name,
  title: string,
  register: (address: Addresses[Name]) => void,
): void {
  const availability = inject('servers')?.[name]
  if (!availability) throw new Error(`No ${name} for this file: see the list of servers in tools/servers/src/vitest-servers.ts`)
  registerWhenAvailable(title, availability as Availability<Addresses[Name]>, register)
}

/**
 * Registers tests that start servers of their own, to kill and freeze them, in a file named `*.server.test.ts` or, for several nodes,
 * `*.cluster.server.test.ts`. They need Java and jars, and are skipped when an address is given: that server is not ours to kill.
 */
export function describeWithJava(name: JarSet, title: string, register: () => void): void {
  const availability = inject('ownServers')?.[name]
  if (!availability) throw new Error(`Tests that start ${name} are in files named *.server.test.ts`)
  registerWhenAvailable(title, availability, register)
}

function registerWhenAvailable<T>(title: string, availability: Availability<T>, register: (value: T) => void): void {
  if ('value' in availability) describe(title, () => register(availability.value))
  else if ('unavailable' in availability) test(title, context => context.skip(availability.unavailable))
  else
    test(title, () => {
      throw new Error(availability.failed)
    })
}
