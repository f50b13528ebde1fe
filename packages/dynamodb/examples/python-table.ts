// #region list
import { createDynamoDBHistory } from '@hist/dynamodb/store'

const store = createDynamoDBHistory({ tableName: 'SessionTable', layout: 'list' })
const chat = store.session('user-45') // written by Python's DynamoDBChatMessageHistory

export const before = await chat.messages()
await chat.append([{ type: 'human', data: { content: 'hi from JavaScript' } }])

await store.close()
// #endregion list
