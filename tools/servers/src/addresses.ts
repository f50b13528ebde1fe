export interface Credentials {
  readonly username: string
  readonly password: string
}

export interface CassandraAddress {
  readonly contactPoints: string[]
  readonly port: number
  readonly localDataCenter: string
  readonly credentials?: Credentials
}

export interface KafkaAddress {
  /** `127.0.0.1:9092`, several separated by commas. */
  readonly bootstrapServers: string
  readonly ssl?: true
  readonly sasl?: Credentials & { readonly mechanism: 'plain' | 'scram-sha-256' }
}

/** An endpoint's URL, or AWS itself. */
export type DynamoDBAddress = { readonly endpoint: string } | { readonly region: string }

export interface RocksetAddress {
  readonly apiServer: string
  readonly apiKey: string
}

export interface Addresses {
  cassandra: CassandraAddress
  kafka: KafkaAddress
  dynamodb: DynamoDBAddress
  rockset: RocksetAddress
}

export type ServerName = keyof Addresses
