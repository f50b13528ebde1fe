import type { BaseMessage } from '@langchain/core/messages'
import { answeredCall, callsOf, exchangesOf, isMissingResult } from './turns.js'

/**
 * The history and what comes to it, in one list. Results take their place behind their calls, instead of the errors that say that they are
 * missing; those of calls that neither holds come last, for the provider to say.
 */
export function conversationOf(history: readonly BaseMessage[], input: readonly BaseMessage[]): BaseMessage[] {
  const messages = [...history, ...input].filter(message => !isMissingResult(message))
  const calls = new Set(messages.flatMap(callsOf))
  const strays = messages.filter(message => message.getType() === 'tool' && !calls.has(answeredCall(message)))
  return [...exchangesOf(messages).flat(), ...strays.filter(message => input.includes(message))]
}

/** The history without what the input asks again, and what had come of it. */
export function withoutRepeats(history: readonly BaseMessage[], input: readonly BaseMessage[]): BaseMessage[] {
  const ids = new Set(input.map(message => message.id))
  let isRepeat = false
  return history.filter(message => {
    if (ids.has(message.id)) isRepeat = true
    else if (message.getType() === 'human') isRepeat = false
    return !isRepeat
  })
}
