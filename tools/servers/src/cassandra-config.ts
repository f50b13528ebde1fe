import { join } from 'node:path'
import { KEYSTORE_PASSWORD } from './certificate.js'

export interface CassandraConfigInput {
  readonly folder: string
  /** All nodes, the first is the seed. */
  readonly hosts: readonly string[]
  readonly index: number
  readonly nativePort: number
  readonly storagePort: number
  readonly commitlogSync: 'periodic' | 'batch'
  readonly authentication: boolean
  readonly keystore: string | undefined
  readonly settings: Record<string, unknown>
}

/** The ring in equal parts. As text: a double can't hold them. */
const TOKENS = ['-9223372036854775807', '-3074457345618258602', '3074457345618258603']

/** @returns cassandra.yaml, as JSON, which is YAML */
export function cassandraConfig(input: CassandraConfigInput): string {
  const { folder, hosts, index, settings } = input
  const host = hosts[index]
  const config = {
    cluster_name: 'hist',
    num_tokens: 1,
    initial_token: hosts.length === 1 ? '0' : TOKENS[index],
    auto_bootstrap: false,
    partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
    endpoint_snitch: 'SimpleSnitch',
    seed_provider: [
      {
        class_name: 'org.apache.cassandra.locator.SimpleSeedProvider',
        parameters: [{ seeds: `${hosts[0]}:${input.storagePort}` }],
      },
    ],
    listen_address: host,
    rpc_address: host,
    storage_port: input.storagePort,
    native_transport_port: input.nativePort,
    start_native_transport: true,
    commitlog_sync: input.commitlogSync,
    commitlog_sync_period: input.commitlogSync === 'periodic' ? '10000ms' : undefined,
    commitlog_segment_size: '32MiB',
    commitlog_total_space: '256MiB',
    memtable_heap_space: '64MiB',
    memtable_offheap_space: '64MiB',
    key_cache_size: '8MiB',
    file_cache_size: '64MiB',
    networking_cache_size: '32MiB',
    concurrent_reads: 8,
    concurrent_writes: 8,
    concurrent_compactors: 1,
    data_file_directories: [join(folder, 'data')],
    commitlog_directory: join(folder, 'commitlog'),
    saved_caches_directory: join(folder, 'caches'),
    hints_directory: join(folder, 'hints'),
    cdc_raw_directory: join(folder, 'cdc'),
    // Without it Cassandra 5 behaves like 4: TTLs that end after 2038 are refused.
    storage_compatibility_mode: 'NONE',
    hinted_handoff_enabled: true,
    ...(input.authentication && {
      authenticator: { class_name: 'org.apache.cassandra.auth.PasswordAuthenticator' },
      authorizer: 'CassandraAuthorizer',
      role_manager: 'CassandraRoleManager',
    }),
    ...(input.keystore && {
      client_encryption_options: {
        enabled: true,
        optional: true,
        keystore: input.keystore,
        keystore_password: KEYSTORE_PASSWORD,
        store_type: 'PKCS12',
        require_client_auth: false,
      },
    }),
    ...settings,
  }
  return JSON.stringify(config, null, 2)
}

/** Without it Cassandra logs at DEBUG. */
export const LOGBACK = `<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level %date{HH:mm:ss.SSS} %logger{0} - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="out" /></root>
</configuration>
`
