// Compiled against the packed package, as ESM, as CommonJS and for bundlers; never run.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { HistoryStore } from '@hist/core'
import { createDynamoDBHistory, DynamoDBChatMessageHistory } from '@hist/dynamodb'
import { createDynamoDBHistory as createWithoutLangChain } from '@hist/dynamodb/store'
import type { BaseListChatMessageHistory } from '@langchain/core/chat_history'

export const shared: HistoryStore = createDynamoDBHistory({ tableName: 'ChatHistory' })
export const injected: HistoryStore = createWithoutLangChain({ tableName: 'ChatHistory', client: new DynamoDBClient({}) })
export const langChain: BaseListChatMessageHistory[] = [
  new DynamoDBChatMessageHistory({ sessionId: 'user-42', tableName: 'ChatHistory' }),
  new DynamoDBChatMessageHistory({ sessionId: 'user-42', store: shared }),
]
