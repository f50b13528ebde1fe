import { type AppendId, type ChatHistory, isHistoryError } from '@hist/core'
import { toStoredMessage } from '@hist/core/langchain'
import type { BaseMessage } from '@langchain/core/messages'
import { isHistory } from './turns.js'
import { FIRST_PAGE, idOf, LARGEST_PAGE, type NewestEntries } from './window.js'

/** Throws the error, or tells of it and returns. `messages`: those that are not stored. */
export type OnFailure = (error: unknown, messages: BaseMessage[]) => Promise<void>

interface Batch {
  readonly id: AppendId
  readonly messages: BaseMessage[]
}

/** What one run has stored in its session, by the ids of the messages, and what it still has to store. */
export class Recording {
  readonly history: ChatHistory
  readonly #known: Set<string>
  /** In their order; one whose append failed is sent again with its id, so that there is one copy. */
  readonly #waiting: Batch[] = []

  constructor(history: ChatHistory, known: Iterable<string>) {
    this.history = history
    this.#known = new Set(known)
  }

  /** Whether the session has a message with this id, stored or to be stored, as far as is known. */
  has(id: string): boolean {
    return this.#known.has(id)
  }

  /** Stores those that are new: one append, durable when it resolves. */
  async store(messages: readonly BaseMessage[], onFailure: OnFailure): Promise<void> {
    const unseen = messages.filter(message => isHistory(message) && !this.#known.has(keyOf(message)))
    for (const message of unseen) this.#known.add(keyOf(message))
    if (unseen.length > 0) this.#waiting.push({ id: this.history.nextAppendId(), messages: unseen })
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      try {
        await this.history.append(batch.messages.map(toStoredMessage), { id: batch.id })
      } catch (error) {
        const isToRepeat = isHistoryError(error) && error.retryable
        await onFailure(error, isToRepeat ? this.#waiting.flatMap(({ messages }) => messages) : batch.messages)
        if (isToRepeat) return
      }
      // Runs that were given the same message object share a recording.
      if (this.#waiting[0] === batch) this.#waiting.shift()
    }
  }
}

interface ContinueOptions {
  /** @default they are read: enough to know what most inputs repeat */
  newest?: NewestEntries | undefined
  signal?: AbortSignal | undefined
}

/** The recording of a run that has these messages, and how many of them, counted from the first, are in the history. */
export async function continueRecording(
  history: ChatHistory,
  messages: readonly BaseMessage[],
  { newest, signal }: ContinueOptions,
): Promise<{ recording: Recording; count: number }> {
  const read = newest ?? (await readNewest(history, signal))
  const count = await countStored(history, messages, read, signal)
  return { recording: new Recording(history, [...messages.slice(0, count).map(keyOf), ...read.ids]), count }
}

async function readNewest(history: ChatHistory, signal: AbortSignal | undefined): Promise<NewestEntries> {
  const { entries, older } = await history.page({ limit: FIRST_PAGE, signal })
  return { ids: new Set(entries.map(idOf)), older }
}

/** All up to the newest one that is found in the history. */
async function countStored(
  history: ChatHistory,
  messages: readonly BaseMessage[],
  { ids, older }: NewestEntries,
  signal: AbortSignal | undefined,
): Promise<number> {
  // A summary has the id of a message that it stands for.
  const places = new Map(messages.flatMap((message, place) => (isHistory(message) ? [[keyOf(message), place]] : [])))
  const newest = messages.findLastIndex(message => isHistory(message) && ids.has(keyOf(message)))
  if (newest >= 0) return newest + 1
  // With a reply in it, the conversation went on before. Without, these are new questions.
  if (older === undefined || !messages.some(message => message.getType() === 'ai')) return 0
  for await (const entry of history.entries({ order: 'newest-first', from: older, pageSize: LARGEST_PAGE, signal })) {
    const place = places.get(idOf(entry))
    if (place !== undefined) return place + 1
  }
  return 0
}

/** LangGraph gives an id to each message of its state. */
function keyOf(message: BaseMessage): string {
  return `${message.id}`
}
