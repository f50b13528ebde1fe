// #region client
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createDynamoDBHistory } from '@hist/dynamodb/store'

const client = new DynamoDBClient({ maxAttempts: 1 })
const store = createDynamoDBHistory({ tableName: 'ChatHistory', client })

await store.session('user-44').append([{ type: 'human', data: { content: 'hi' } }])

await store.close() // the client stays open
client.destroy()
// #endregion client
