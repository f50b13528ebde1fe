import { type BaseMessage, isBaseMessage } from '@langchain/core/messages'

/**
 * Takes the ids of a model's replies that are empty or taken, so that LangGraph gives them others. It would put a reply in place of the
 * message that has its id, and some servers have few: Ollama draws from 999.
 */
export function removeIds(response: unknown, isTaken: (id: string) => boolean | undefined): void {
  for (const message of repliesOf(response)) {
    if (message.id === undefined || (message.id !== '' && !isTaken(message.id))) continue
    delete message.id
    delete message.lc_kwargs.id
  }
}

/** Of a message, of a structured answer with its messages, or of another middleware's command. */
function repliesOf(response: unknown): BaseMessage[] {
  if (isBaseMessage(response as BaseMessage)) return [response as BaseMessage]
  const { messages } = response as { messages?: unknown }
  return Array.isArray(messages) ? messages : []
}
