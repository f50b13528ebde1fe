// @ts-check
// An app has one of these.

/** @typedef {{ store: import('@hist/core').HistoryStore, close(): Promise<void> }} OpenStore */

const {
  CASSANDRA = '127.0.0.1:9042',
  CASSANDRA_DATA_CENTER = 'datacenter1',
  CASSANDRA_KEYSPACE = 'trips',
  DYNAMODB = 'http://127.0.0.1:8000',
  DYNAMODB_TABLE = 'trips',
  KAFKA = '127.0.0.1:9092',
  KAFKA_TOPIC_PREFIX = 'trip-',
  DATA = 'trips.db',
} = process.env

/** @type {Record<string, () => Promise<OpenStore>>} */
const stores = {
  async cassandra() {
    const { createCassandraHistory } = await import('@hist/cassandra/store')
    const [host = '', port] = CASSANDRA.split(':')
    return open(
      createCassandraHistory({
        contactPoints: [host],
        port: Number(port),
        localDataCenter: CASSANDRA_DATA_CENTER,
        keyspace: CASSANDRA_KEYSPACE,
      }),
    )
  },

  async dynamodb() {
    const { createDynamoDBHistory } = await import('@hist/dynamodb/store')
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    return open(
      createDynamoDBHistory({
        tableName: DYNAMODB_TABLE,
        setupMode: 'sync',
        endpointUrl: DYNAMODB,
        region: 'us-east-1',
        credentials,
      }),
    )
  },

  async kafka() {
    const { createKafkaHistory } = await import('@hist/kafka/store')
    return open(createKafkaHistory({ bootstrapServers: KAFKA, topicPrefix: KAFKA_TOPIC_PREFIX }))
  },

  /** Needs nothing else: a server within the process, and a file. */
  async embedded() {
    const [{ createRocksetHistory }, { startRocksetServer }] = await Promise.all([
      import('@hist/rockset/store'),
      import('@hist/rockset-server'),
    ])
    const server = await startRocksetServer({ data: DATA })
    const { store, close } = open(createRocksetHistory({ collection: 'trips', apiServer: server.url, apiKey: 'any' }))
    return { store, close: () => close().finally(() => server.close()) }
  },
}

/**
 * @param {string} name
 * @returns {Promise<OpenStore>}
 */
export async function openStore(name) {
  const make = Object.hasOwn(stores, name) ? stores[name] : undefined
  if (make === undefined) throw new Error(`STORE must be one of ${Object.keys(stores).join(', ')}`)
  return make()
}

/**
 * @param {import('@hist/core').HistoryStore} store
 * @returns {OpenStore}
 */
function open(store) {
  return { store, close: () => store.close() }
}
