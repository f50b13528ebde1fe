export * from '@hist/dynamodb/store'
export { DynamoDBChatMessageHistory } from './chat-message-history.js'
