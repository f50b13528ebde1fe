export * from '@hist/rockset/store'
export { RocksetChatMessageHistory } from './chat-message-history.js'
