// Stands for a model of yours: `new ChatOpenAI({ model: … })`, `new ChatAnthropic({ model: … })` …
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, type BaseMessage } from '@langchain/core/messages'
import type { ChatResult } from '@langchain/core/outputs'
import { ChatPromptTemplate, MessagesPlaceholder } from '@langchain/core/prompts'

/** Knows the name that it was told, if it is shown that message. */
class NameModel extends BaseChatModel {
  _llmType(): string {
    return 'name'
  }

  override bindTools(): this {
    return this
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const shown = messages.map(({ content }) => content).join('\n')
    const name = /My name is (\w+)/.exec(shown)?.[1]
    const text = shown.endsWith('?') ? `Your name is ${name}.` : `Hello ${name}!`
    return { generations: [{ text, message: new AIMessage(text) }] }
  }
}

export const model = new NameModel({})

export const prompt = ChatPromptTemplate.fromMessages([
  ['system', 'Be kind.'],
  new MessagesPlaceholder('history'),
  ['human', '{question}'],
])
