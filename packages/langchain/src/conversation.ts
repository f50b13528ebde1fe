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

/**
 * The same, of an agent's messages, of which the history has so many, counted from the first. If it has all of them, the run goes on with the
 * last question where it is, or asks it anew if it is answered.
 */
export function conversationFrom(history: readonly BaseMessage[], given: readonly BaseMessage[], stored: number): BaseMessage[] {
  const input = stored < given.length ? given.slice(stored) : given.slice(-1).filter(isQuestion)
  const messages = conversationOf(history, input)
  const isAnswered = input.some(isQuestion) && messages.at(-1)?.getType() === 'ai'
  return isAnswered ? conversationOf(withoutRepeats(history, input), input) : messages
}

/** The history without what the input asks again, and what had come of it. */
export function withoutRepeats(history: readonly BaseMessage[], input: readonly BaseMessage[]): BaseMessage[] {
  const ids = new Set(input.map(message => message.id))
  let isRepeat = false
  return history.filter(message => {
    if (ids.has(message.id)) isRepeat = true
    else if (isQuestion(message)) isRepeat = false
    return !isRepeat
  })
}

function isQuestion(message: BaseMessage): boolean {
  return message.getType() === 'human'
}
