import type { StoredMessage } from './message.js'

/** How many leading messages are tool results. What they answer lies outside the window. */
export function leadingToolResults(messages: readonly StoredMessage[]): number {
  const first = messages.findIndex(message => !isToolResult(message))
  return first < 0 ? messages.length : first
}

/** Looks backwards for the calls that a window of nothing but tool results answers. */
export class MissingCalls {
  readonly #ids = new Set<string>()
  #legacy = 0

  constructor(results: readonly StoredMessage[]) {
    for (const result of results) this.#note(result)
  }

  get found(): boolean {
    return this.#ids.size === 0 && this.#legacy <= 0
  }

  /** Takes the next older message; true if it made a call that was missing. */
  meet(message: StoredMessage): boolean {
    if (isToolResult(message)) {
      this.#note(message)
      return false
    }
    if (message.type !== 'ai') return false
    const calls = [...list(message.data.tool_calls), ...list(message.data.invalid_tool_calls)]
    const answered = calls.filter(call => this.#ids.delete(String(call?.id))).length
    const legacyCall = this.#legacy > 0 && message.data.additional_kwargs?.function_call !== undefined
    if (legacyCall) this.#legacy--
    return answered > 0 || legacyCall
  }

  #note(result: StoredMessage): void {
    if (result.type === 'tool') this.#ids.add(String(result.data.tool_call_id))
    else this.#legacy++
  }
}

function isToolResult(message: StoredMessage): boolean {
  return message.type === 'tool' || message.type === 'function'
}

/** Rows of others may hold anything where a list belongs. */
function list<T>(value: T[] | undefined): T[] {
  return Array.isArray(value) ? value : []
}
