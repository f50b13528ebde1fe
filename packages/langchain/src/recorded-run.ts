import { argumentError, type ChatHistory } from '@hist/core'
import { toStoredMessage } from '@hist/core/langchain'
import type { BaseMessage } from '@langchain/core/messages'
import { withoutRepeats } from './conversation.js'
import { KnownMessages } from './known-messages.js'
import { withoutOpenCalls } from './open-calls.js'
import { inputMessages, inputWithHistory, type MessageKeys, outputMessages } from './run-messages.js'
import { isHistory } from './turns.js'
import { FIRST_PAGE, type HistoryWindow, loadWindow } from './window.js'

interface RunSettings extends MessageKeys {
  window?: HistoryWindow | undefined
  signal?: AbortSignal | undefined
}

/** One run of a runnable: its input is stored, its output is to be. */
export class RecordedRun {
  /** What the runnable gets. */
  readonly input: unknown
  readonly #history: ChatHistory
  readonly #keys: MessageKeys
  readonly #known: KnownMessages

  private constructor(history: ChatHistory, keys: MessageKeys, input: unknown, known: KnownMessages) {
    this.#history = history
    this.#keys = keys
    this.input = input
    this.#known = known
  }

  /**
   * Reads the window, then stores what is new in the input: one append.
   * @throws TypeError for an input that cannot be stored, before anything is read or written; HistoryError
   */
  static async begin(history: ChatHistory, input: unknown, { window, signal, ...keys }: RunSettings): Promise<RecordedRun> {
    const messages = inputMessages(input, keys)
    const stored = new Map(messages.map(message => [message, toStoredMessage(message)]))
    // Only a message with an id may be known.
    const atLeast = messages.some(({ id }) => id) ? FIRST_PAGE : 1
    const loaded = await loadWindow(history, window, { atLeast, signal })
    const unseen = eachOnce(messages.filter(({ id }) => !id || !loaded.ids.has(id)))
    const rows = unseen.flatMap(message => stored.get(message) ?? [])
    if (rows.length > 0) await history.append(rows, { signal })
    const older = withoutRepeats(loaded.messages, messages)
    const known = new KnownMessages([...loaded.read, ...older, ...messages])
    return new RecordedRun(history, keys, inputWithHistory(input, keys, older, messages), known)
  }

  /**
   * Stores the messages of the whole output: one append.
   * @throws TypeError for an output that holds no messages; HistoryError
   */
  async store(output: unknown, signal?: AbortSignal): Promise<void> {
    const found = outputMessages(output, this.#keys)
    if (found === undefined) {
      const { outputMessagesKey: key } = this.#keys
      const place = key === undefined ? 'the output' : `the output, or '${key}' of it,`
      throw argumentError(
        `withChatHistory: ${place} must be a string, a message, or an array of messages; the input is stored, the output is not`,
      )
    }
    await this.#append(found, signal)
  }

  /** Stores what there is of an output that nobody waits for any more: the messages in it, if it holds any. */
  async storePart(output: unknown): Promise<void> {
    const found = outputMessages(output, this.#keys, { isPart: true })
    if (found === undefined) return
    await this.#append({ ...found, messages: found.messages.map(withoutOpenCalls).filter(saysSomething) })
  }

  /** A runnable that returns a list, as agents do, may return what it was given too, and what is no history. */
  async #append({ messages, isList }: { messages: BaseMessage[]; isList: boolean }, signal?: AbortSignal): Promise<void> {
    const unseen = isList ? messages.filter(message => isHistory(message) && this.#known.add(message)) : messages
    if (unseen.length > 0) await this.#history.append(unseen.map(toStoredMessage), { signal })
  }
}

/** Without the later ones of messages with the same id. */
function eachOnce(messages: readonly BaseMessage[]): BaseMessage[] {
  const seen = new Set<string>()
  return messages.filter(({ id }) => {
    const isFirst = !id || !seen.has(id)
    if (id) seen.add(id)
    return isFirst
  })
}

function saysSomething(message: BaseMessage): boolean {
  const { tool_calls: calls = [], invalid_tool_calls: invalid = [] } = message as {
    tool_calls?: unknown[]
    invalid_tool_calls?: unknown[]
  }
  return message.content.length + calls.length + invalid.length > 0
}
