// Compiled against the packed package, as ESM, as CommonJS and for bundlers; never run.
import { CassandraChatMessageHistory, createCassandraHistory } from '@hist/cassandra'
import { createCassandraHistory as createWithoutLangChain } from '@hist/cassandra/store'
import type { HistoryStore } from '@hist/core'
import type { BaseListChatMessageHistory } from '@langchain/core/chat_history'
import { Client } from 'cassandra-driver'

export const shared: HistoryStore = createCassandraHistory({ keyspace: 'app' })
export const injected: HistoryStore = createWithoutLangChain({
  client: new Client({ contactPoints: ['127.0.0.1'], localDataCenter: 'datacenter1', keyspace: 'app' }),
})
export const secured: HistoryStore = createWithoutLangChain({
  contactPoints: ['10.0.0.1', '10.0.0.2:9043'],
  localDataCenter: 'dc1',
  keyspace: 'app',
  credentials: { username: 'app', password: 'secret' },
  sslOptions: { ca: 'PEM' },
})
export const cloud: HistoryStore = createWithoutLangChain({
  cloud: { secureConnectBundle: 'bundle.zip' },
  credentials: { username: 'token', password: 'AstraCS:…' },
  keyspace: 'app',
})
export const langChain: BaseListChatMessageHistory[] = [
  new CassandraChatMessageHistory({ sessionId: 'user-42', keyspace: 'app' }),
  new CassandraChatMessageHistory({ sessionId: 'user-42', store: shared }),
]
// @ts-expect-error a client excludes the settings of one
createCassandraHistory({
  client: new Client({ contactPoints: ['127.0.0.1'], localDataCenter: 'd' }),
  keyspace: 'app',
  port: 9042,
})
