// #region repeat
import { type ChatHistory, isHistoryError, type StoredMessage } from '@hist/core'

export async function appendForSure(chat: ChatHistory, messages: StoredMessage[]): Promise<void> {
  try {
    await chat.append(messages)
  } catch (error) {
    if (!isHistoryError(error) || error.outcome !== 'unknown') throw error
    await chat.append(messages, { id: error.appendId })
  }
}
// #endregion repeat
