// #region after
import { createDynamoDBHistory } from '@hist/dynamodb/store'
import { withChatHistory } from '@hist/langchain'
import { model, prompt } from './model.js'

export const store = createDynamoDBHistory({ tableName: 'ChatHistory' })

export const after = withChatHistory(prompt.pipe(model), {
  store,
  window: { last: 20 },
  inputMessagesKey: 'question',
  historyMessagesKey: 'history',
})
// #endregion after
