export {
  type SessionOfStore,
  type SessionWithSettings,
  StoredChatMessageHistory,
  type Window,
} from './stored-chat-message-history.js'
export { fromStoredMessage, toStoredMessage } from './stored-message.js'
