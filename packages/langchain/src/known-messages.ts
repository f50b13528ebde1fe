import type { BaseMessage } from '@langchain/core/messages'
import { saysTheSame } from './window.js'

/** Messages by which others are recognised: the same objects, or copies with the same id. */
export class KnownMessages {
  readonly #objects = new Set<BaseMessage>()
  readonly #byId = new Map<string, BaseMessage[]>()

  constructor(messages: Iterable<BaseMessage>) {
    for (const message of messages) this.add(message)
  }

  /** False: it is one of them already. Some servers give the same id to many replies: one that says something else is another. */
  add(message: BaseMessage): boolean {
    if (this.#objects.has(message)) return false
    const { id } = message
    const copies = (id && this.#byId.get(id)) || []
    if (copies.some(copy => message.getType() !== 'ai' || saysTheSame(copy, message))) return false
    this.#objects.add(message)
    if (id) this.#byId.set(id, [...copies, message])
    return true
  }
}
