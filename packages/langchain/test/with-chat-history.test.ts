import { createMemoryHistory } from '@hist/core'
import { withChatHistorySuite } from './with-chat-history-suite.js'

withChatHistorySuite({ name: 'memory', createStore: () => createMemoryHistory() })
