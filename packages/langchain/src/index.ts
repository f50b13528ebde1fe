export {
  type AgentMessages,
  type AgentRuntime,
  type ChatHistoryMiddleware,
  type ChatHistoryMiddlewareOptions,
  chatHistoryMiddleware,
  type FailureDetails,
} from './middleware.js'
export type { HistoryWindow } from './window.js'
export { type WithChatHistoryOptions, withChatHistory } from './with-chat-history.js'
