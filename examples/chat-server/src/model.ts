import { setTimeout as pause } from 'node:timers/promises'
import type { StoredMessage } from '@hist/core'

/** Stands in for the model of a provider: slow, and its answer tells what it has seen. */
export async function answer(messages: readonly StoredMessage[], signal: AbortSignal): Promise<StoredMessage> {
  await pause(50, undefined, { signal })
  const said = messages.filter(message => message.type === 'human').map(message => message.data.content)
  return { type: 'ai', data: { content: `You have said ${said.length}: ${said.join(', ')}.` } }
}
