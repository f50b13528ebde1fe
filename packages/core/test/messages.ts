// The messages that most tests write, and what they look at in those that they read.
import type { StoredMessage } from '@hist/core'

export function human(content: string): StoredMessage {
  return { type: 'human', data: { content } }
}

export function contents(messages: readonly StoredMessage[]): unknown[] {
  return messages.map(message => message.data.content)
}
