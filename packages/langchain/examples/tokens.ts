import { createMemoryHistory } from '@hist/core'
import { model } from './model.js'

const store = createMemoryHistory()

// #region tokens
import { withChatHistory } from '@hist/langchain'
import { countTokensApproximately } from 'langchain'

export const chain = withChatHistory(model, { store, window: { maxTokens: 4_000, count: countTokensApproximately } })
// #endregion tokens
