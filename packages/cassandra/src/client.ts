import { Client, type ClientOptions, policies } from 'cassandra-driver'
import type { CassandraOptions, CassandraTlsOptions } from './options.js'

/** What is used of the `Client` of `cassandra-driver`, so that a client of another copy or version of it fits. */
export interface CassandraClientLike {
  readonly keyspace?: string | undefined
  /** By address and port. */
  readonly hosts?: { get(address: string): { isUp(): boolean } | undefined } | undefined
  execute(query: string, params?: never, options?: never): Promise<unknown>
  batch(queries: never, options?: never): Promise<unknown>
  connect(): Promise<unknown>
  shutdown(): Promise<unknown>
}

/** A node, as the driver knows it. @internal */
export type Host = NonNullable<ReturnType<NonNullable<CassandraClientLike['hosts']>['get']>>

/** What a request may take at one node, in milliseconds. The server's own limit for writes is 2 s, and its answer says more. @internal */
export const READ_TIMEOUT_MS = 3_000
/** After this time a second node is asked too: a frozen one costs no more than that. */
const SPECULATIVE_AFTER_MS = 200
/** The driver's own policy waits for up to ten minutes: measured, 28 s after the restart of the only node. */
const RECONNECT_EVERY_MS = 500

/** No I/O. @internal */
export function createClient(options: CassandraOptions): CassandraClientLike {
  const { contactPoints = ['127.0.0.1'], port, localDataCenter = 'datacenter1', credentials, sslOptions, cloud } = options
  const nodes: ClientOptions = {
    contactPoints: [...contactPoints],
    localDataCenter,
    // The driver does not check certificates unless it is told to.
    ...(sslOptions === undefined ? {} : { sslOptions: checkingCertificates(sslOptions) }),
  }
  return new Client({
    ...(cloud === undefined ? nodes : { cloud: { ...cloud } }),
    ...(credentials === undefined ? {} : { credentials: { ...credentials } }),
    // Its own wait for agreement about tables counts nodes that are down: 10 s for each CREATE. Ours does not.
    protocolOptions: { ...(port === undefined ? {} : { port }), maxSchemaAgreementWaitSeconds: 0 },
    socketOptions: { readTimeout: READ_TIMEOUT_MS },
    // The driver would wait for every node to prepare a statement, and so for one that hangs.
    prepareOnAllHosts: false,
    policies: {
      reconnection: new policies.reconnection.ConstantReconnectionPolicy(RECONNECT_EVERY_MS),
      speculativeExecution: new policies.speculativeExecution.ConstantSpeculativeExecutionPolicy(SPECULATIVE_AFTER_MS, 1),
    },
  })
}

function checkingCertificates(options: CassandraTlsOptions): NonNullable<ClientOptions['sslOptions']> {
  return { ...options, rejectUnauthorized: options.rejectUnauthorized ?? true } as NonNullable<ClientOptions['sslOptions']>
}

interface ControlConnectionHolder {
  readonly controlConnection?: { readonly connection?: { closeAsync?(): Promise<unknown> } | null }
}

/** Connects a client of our own, or closes what it opened. @internal */
export async function connect(client: CassandraClientLike): Promise<void> {
  try {
    await client.connect()
  } catch (error) {
    // A wrong data centre is noticed over a connection that the driver then forgets: the process would never exit. There is no public way to it.
    await (client as ControlConnectionHolder).controlConnection?.connection?.closeAsync?.()
    await client.shutdown()
    throw error
  }
}
