import { argumentError } from '@hist/core'
import {
  AIMessage,
  type BaseMessage,
  type BaseMessageLike,
  coerceMessageLikeToMessage,
  isBaseMessage,
} from '@langchain/core/messages'
import { conversationOf } from './conversation.js'

/** Where in a run's input and output the messages are. The meaning of each is that of `RunnableWithMessageHistory`. */
export interface MessageKeys {
  /** The key of the new messages in an input that is an object. @default its only key, or `input` */
  inputMessagesKey?: string | undefined
  /** The key under which the runnable gets the history. @default the history is put before the new messages */
  historyMessagesKey?: string | undefined
  /** The key of the messages in an output that is an object. @default its only key, or `output` */
  outputMessagesKey?: string | undefined
}

type Fields = Readonly<Record<string, unknown>>

/**
 * The new messages of an input; those that are LangChain's already are the same objects.
 * @throws TypeError for every other form, without its content
 */
export function inputMessages(input: unknown, { inputMessagesKey, historyMessagesKey }: MessageKeys): BaseMessage[] {
  const keyed = isFields(input)
  for (const [name, key] of Object.entries({ inputMessagesKey, historyMessagesKey })) {
    if (key !== undefined && !keyed) throw argumentError(`withChatHistory: with ${name} the input must be an object`)
  }
  const key = keyed ? messagesKey(input, inputMessagesKey, 'input') : undefined
  const value = keyed ? input[key as string] : input
  const place = key === undefined ? 'the input' : `'${key}' of the input`
  const messages = typeof value === 'string' || isBaseMessage(value as BaseMessage) ? [value] : value
  if (!Array.isArray(messages))
    throw argumentError(`withChatHistory: ${place} must be a string, a message, or an array of messages`)
  return messages.map(message => {
    // LangChain would make an empty message of it.
    if (isFields(message) && isFields(message.data) && !('content' in message))
      throw argumentError(
        `withChatHistory: ${place} holds a stored message; fromStoredMessage of @hist/core/langchain makes one of it`,
      )
    try {
      return coerceMessageLikeToMessage(message as BaseMessageLike)
    } catch {
      throw argumentError(`withChatHistory: ${place} holds something that is not a message`)
    }
  })
}

/** What the runnable gets: the input with the history in it. The input is not changed. */
export function inputWithHistory(
  input: unknown,
  { inputMessagesKey, historyMessagesKey }: MessageKeys,
  history: readonly BaseMessage[],
  messages: readonly BaseMessage[],
): unknown {
  if (!isFields(input)) return conversationOf(history, messages)
  if (historyMessagesKey !== undefined) {
    const key = messagesKey(input, inputMessagesKey, 'input')
    // The objects that were stored, so that a runnable that hands them on is understood.
    const given = Array.isArray(input[key]) ? { [key]: messages } : {}
    const results = messages.filter(message => message.getType() === 'tool')
    const older = conversationOf(history, results).filter(message => !results.includes(message))
    return { ...input, ...given, [historyMessagesKey]: older }
  }
  const list = conversationOf(history, messages)
  return inputMessagesKey === undefined ? list : { ...input, [inputMessagesKey]: list }
}

/**
 * The messages of an output, and whether they came as a list, which may hold what the runnable was given. Undefined for any other form.
 *
 * @param isPart the run was not over: of an object it is not known yet whether its only key is the only one
 */
export function outputMessages(
  output: unknown,
  { outputMessagesKey }: MessageKeys,
  { isPart = false }: { isPart?: boolean } = {},
): { messages: BaseMessage[]; isList: boolean } | undefined {
  const keyed = isFields(output)
  const value = keyed
    ? output[isPart ? (outputMessagesKey ?? 'output') : messagesKey(output, outputMessagesKey, 'output')]
    : output
  if (typeof value === 'string') return { messages: [new AIMessage(value)], isList: false }
  if (isBaseMessage(value as BaseMessage)) return { messages: [value as BaseMessage], isList: false }
  return Array.isArray(value) && value.every(isBaseMessage) ? { messages: value, isList: true } : undefined
}

function messagesKey(fields: Fields, key: string | undefined, usual: string): string {
  if (key !== undefined) return key
  const [only, ...others] = Object.keys(fields)
  return only !== undefined && others.length === 0 ? only : usual
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isBaseMessage(value as BaseMessage)
}
