import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager'
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, AIMessageChunk, type BaseMessage } from '@langchain/core/messages'
import { ChatGenerationChunk, type ChatResult } from '@langchain/core/outputs'
import { checkProviderRules } from './provider-rules.js'

/** Calls by name and arguments, text, or an error. */
export type Reply = string | Error | Call[]

export interface Call {
  name: string
  args: Record<string, unknown>
  id?: string
}

let calls = 0

/** A call for the tool `look`. */
export function look(subject: string, id = `call-${++calls}`): Call {
  return { name: 'look', args: { subject }, id }
}

/**
 * A chat model that gives the replies of a script, or those of a function, and refuses what a provider would refuse. Remembers what it
 * was shown. Text is streamed word by word.
 */
export class ScriptedModel extends BaseChatModel {
  readonly shown: BaseMessage[][] = []
  readonly #replies: ((messages: BaseMessage[]) => Reply | Promise<Reply>) | Reply[]

  constructor(replies: ((messages: BaseMessage[]) => Reply | Promise<Reply>) | Reply[]) {
    super({ maxRetries: 0 })
    this.#replies = replies
  }

  _llmType(): string {
    return 'scripted'
  }

  override bindTools(): this {
    return this
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const reply = await this.#reply(messages)
    const message = typeof reply === 'string' ? new AIMessage(reply) : new AIMessage({ content: '', tool_calls: reply })
    return { generations: [{ text: message.text, message }] }
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    _options: this['ParsedCallOptions'],
    trace?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const reply = await this.#reply(messages)
    const parts =
      typeof reply === 'string'
        ? reply.split(/(?<= )/).map(content => ({ content }))
        : [{ content: '', tool_call_chunks: reply.map((call, index) => ({ ...call, index, args: JSON.stringify(call.args) })) }]
    for (const part of parts) {
      const chunk = new ChatGenerationChunk({ text: part.content, message: new AIMessageChunk(part) })
      yield chunk
      await trace?.handleLLMNewToken(part.content, undefined, undefined, undefined, undefined, { chunk })
    }
  }

  async #reply(messages: BaseMessage[]): Promise<string | Call[]> {
    checkProviderRules(messages)
    this.shown.push([...messages])
    const reply = typeof this.#replies === 'function' ? await this.#replies(messages) : this.#replies.shift()
    if (reply === undefined) throw new Error('the script is over')
    if (reply instanceof Error) throw reply
    return reply
  }

  /** What it was shown last, a line for each message. */
  get lastShown(): string[] {
    return (this.shown.at(-1) ?? []).map(lineOf)
  }
}

/** `human: one`, `ai: look(a) look(b)`, `tool: found a`, `tool! no result`. */
export function lineOf(message: BaseMessage): string {
  const { tool_calls: calls = [], status } = message as { tool_calls?: Call[]; status?: string }
  const text = calls.map(({ name, args }) => `${name}(${args.subject})`).join(' ') || message.content
  return `${message.getType()}${status === 'error' ? '!' : ':'} ${text}`
}
