import { type BaseMessage, ToolMessage } from '@langchain/core/messages'

/** One message of a history, or a call for tools with all of its results: what is shown whole or not at all. */
export type Exchange = readonly [BaseMessage, ...BaseMessage[]]

/** How LangChain's own middleware marks what it put into a conversation. */
const SOURCE = 'lc_source'
const MISSING_RESULT = '@hist/langchain:missing-result'
const MISSING_RESULT_TEXT = 'Error: no result was recorded for this call. It may or may not have been carried out.'

/**
 * Puts a piece of a log into the form that every provider accepts: each message once (the first of equal ids), the results of a call right
 * behind it, however the writers interleaved, and an error result for each call that has none. Results of calls that the piece does not
 * hold are left out. A log that is in this form already stays as it is.
 */
export function exchangesOf(log: readonly BaseMessage[]): Exchange[] {
  const exchanges: { messages: [BaseMessage, ...BaseMessage[]]; open: string[] }[] = []
  // By the call's id, the newest last: some models number their calls anew in each reply, and then a result belongs to the latest.
  const waiting = new Map<string, (typeof exchanges)[number][]>()
  for (const message of firstOfEqualIds(log)) {
    // Another program's row; in a list of messages it would be obeyed.
    if (message.getType() === 'remove') continue
    if (message.getType() === 'tool') {
      const answered = answeredCall(message)
      const exchange = waiting.get(answered)?.pop()
      exchange?.messages.push(message)
      exchange?.open.splice(exchange.open.indexOf(answered), 1)
      continue
    }
    const exchange = { messages: [message] as [BaseMessage], open: callsOf(message) }
    exchanges.push(exchange)
    for (const call of exchange.open) {
      const others = waiting.get(call)
      if (others === undefined) waiting.set(call, [exchange])
      else others.push(exchange)
    }
  }
  return exchanges.map(({ messages, open }) => [
    ...messages,
    ...open.map((call, place) => missingResult(messages[0], call, place)),
  ])
}

/** A turn is what begins with a human message and goes on to the next. */
export function beginsTurn(exchange: Exchange | undefined): boolean {
  return exchange?.[0].getType() === 'human'
}

/** Whether it is one of the error results that stand for a missing one. They are for the model only. */
export function isMissingResult(message: BaseMessage): boolean {
  return message.additional_kwargs?.[SOURCE] === MISSING_RESULT
}

/**
 * Whether the message belongs into the log. A summary and a result whose text was cleared stand for messages that are there already, a
 * removal changes the state only.
 */
export function isHistory(message: BaseMessage): boolean {
  const source = message.additional_kwargs?.[SOURCE]
  const { cleared } = (message.response_metadata?.context_editing ?? {}) as { cleared?: unknown }
  return message.getType() !== 'remove' && source !== 'summarization' && source !== MISSING_RESULT && cleared !== true
}

function* firstOfEqualIds(log: readonly BaseMessage[]): Generator<BaseMessage, void, undefined> {
  const seen = new Set<string>()
  for (const message of log) {
    if (message.id && seen.has(message.id)) continue
    if (message.id) seen.add(message.id)
    yield message
  }
}

/** The id of the call that a result is of. */
export function answeredCall(message: BaseMessage): string {
  return (message as ToolMessage).tool_call_id ?? ''
}

/** The ids of the calls of a message, as providers are sent them: the parsed ones, or, of a reply without any, the raw ones. */
export function callsOf(message: BaseMessage): string[] {
  if (message.getType() !== 'ai') return []
  const { tool_calls: parsed } = message as { tool_calls?: unknown }
  const calls = Array.isArray(parsed) && parsed.length > 0 ? parsed : message.additional_kwargs?.tool_calls
  return Array.isArray(calls) ? calls.map((call: { id?: string } | null) => call?.id ?? '') : []
}

function missingResult(call: BaseMessage, callId: string, place: number): ToolMessage {
  const { tool_calls: calls } = call as { tool_calls?: { id?: string; name?: string }[] }
  const name = calls?.find(({ id = '' }) => id === callId)?.name
  return new ToolMessage({
    // Some models give the same id to two calls.
    id: `${call.id}:missing:${place}`,
    content: MISSING_RESULT_TEXT,
    tool_call_id: callId,
    status: 'error',
    additional_kwargs: { [SOURCE]: MISSING_RESULT },
    ...(name === undefined ? {} : { name }),
  })
}
