import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager'
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, AIMessageChunk, type BaseMessage } from '@langchain/core/messages'
import { ChatGenerationChunk, type ChatResult } from '@langchain/core/outputs'

interface EchoModelFields {
  /** Runs before each reply, and before each piece of one: to wait, or to fail. */
  before?: (question: string, piece: number, signal?: AbortSignal) => unknown
  /** A streamed reply comes in so many pieces. */
  pieces?: number
  /** What is streamed instead. */
  chunks?: readonly AIMessageChunk[]
}

/** A chat model that answers `re:` and the last message's text, and remembers what it was shown. */
export class EchoModel extends BaseChatModel {
  readonly seen: string[][] = []
  readonly #before: NonNullable<EchoModelFields['before']>
  readonly #pieces: number
  readonly #chunks: readonly AIMessageChunk[] | undefined

  constructor({ before = () => undefined, pieces = 3, chunks }: EchoModelFields = {}) {
    super({ maxRetries: 0 })
    this.#before = before
    this.#pieces = chunks?.length ?? pieces
    this.#chunks = chunks
  }

  _llmType(): string {
    return 'echo'
  }

  override bindTools(): this {
    return this
  }

  override async _generate(messages: BaseMessage[], options: this['ParsedCallOptions']): Promise<ChatResult> {
    const question = this.#look(messages)
    await this.#before(question, 0, options.signal)
    const text = `re:${question}`
    return { generations: [{ text, message: new AIMessage(text) }] }
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this['ParsedCallOptions'],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const question = this.#look(messages)
    for (let piece = 0; piece < this.#pieces; piece++) {
      await this.#before(question, piece, options.signal)
      const content = piece === 0 ? `re:${question}` : `+${piece}`
      const message = this.#chunks?.[piece] ?? new AIMessageChunk({ id: `reply to ${question}`, content })
      const text = textOf(message)
      yield new ChatGenerationChunk({ text, message })
      await runManager?.handleLLMNewToken(text)
    }
  }

  #look(messages: BaseMessage[]): string {
    this.seen.push(messages.map(textOf))
    return textOf(messages.at(-1))
  }
}

export function textOf(message: { content: unknown } | undefined): string {
  return String(message?.content)
}
